# Python 3.11 or newer and make are all that these need; everything else goes into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Tests wait for processes more than they compute. Each worker has a Nexdeck of its own, so a file stays with one.
AT_ONCE := -n 3 --dist loadfile
PIP := $(BIN)/python -m pip --disable-pip-version-check -q

.PHONY: run demo test unit integration e2e bench soak binary lint pins clean help

run: $(VENV)/.installed  ## install, migrate the database and serve the web app with the gateway `local`
	$(BIN)/nexdeck serve

demo: $(VENV)/.installed  ## the same, with the sample agents deployed and a little traffic
	$(BIN)/python -m nexdeck.app.demo

test: lint unit integration e2e  ## set up what the tests need, and run all tiers

unit: $(VENV)/.tests-installed  ## rules, code generation, pages and the house's own rules: seconds
	$(BIN)/pytest $(AT_ONCE) tests/unit tests/architecture
	$(BIN)/pytest $(AT_ONCE) tests/pages

integration: $(VENV)/.tests-installed  ## real processes, a real gateway, a real SQLite file
	$(BIN)/python -m tests.system faketime iproute2
	$(BIN)/pytest $(AT_ONCE) tests/integration

e2e: $(VENV)/.tests-installed  ## a real browser against the real thing
	$(BIN)/python -m tests.system chromium
	$(BIN)/pytest tests/e2e

bench: $(VENV)/.tests-installed  ## figures, each as a ratio to a baseline measured in the same run
	$(BIN)/python -m benchmarks

soak: $(VENV)/.tests-installed  ## deploy and undeploy 500 times: nothing may grow
	$(BIN)/python -m benchmarks.soak

lint: $(VENV)/.tests-installed
	$(BIN)/ruff check
	$(BIN)/ruff format --check

binary: $(VENV)/.installed  ## write dist/nexdeck, the whole program as one file (takes some minutes)
	$(PIP) install pyinstaller
	$(BIN)/pyinstaller --noconfirm --workpath build/binary deploy/binary/nexdeck.spec

pins: $(VENV)/.tests-installed  ## write constraints.txt anew from what is installed
	(head -1 constraints.txt; $(PIP) freeze --exclude-editable) > constraints.new && mv constraints.new constraints.txt

clean:  ## remove the environment and caches (never the data folder)
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info

help:
	@grep -hE '^[a-z0-9-]+:.*  ##' Makefile | sed -E 's/:[^#]*## /\t/' | sort | column -t -s "$$(printf '\t')"

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Nexdeck needs Python 3.11 or newer; $(PYTHON) is older. Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "Installing Nexdeck into $(VENV) (the first time takes about a minute) …"
	$(PIP) install -c constraints.txt -e .
	@touch $@

$(VENV)/.tests-installed: $(VENV)/.installed
	$(PIP) install -c constraints.txt -e ".[test]"
	@touch $@
