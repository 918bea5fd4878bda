"""What is not documented does not exist: settings, commands and the documents' own links are checked here."""

import re
from pathlib import Path

import pytest

from nexdeck.app.settings import Settings

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_every_setting_is_documented_in_its_own_words() -> None:
    text = (ROOT / "docs" / "settings.md").read_text()
    rows = dict(re.findall(r"^\| `NEXDECK_(\w+)` \|[^|]*\| (.*) \|$", text, re.MULTILINE))
    assert rows == {name.upper(): field.description for name, field in Settings.model_fields.items()}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_and_paths_in_documents_lead_somewhere(document: Path) -> None:
    text = document.read_text()
    links = re.findall(r"\]\(([^)#:]+)\)", text)
    paths = re.findall(r"`((?:app|pages|services|models|tests|docs|examples)/[\w./]*)`", text)
    missing = [p for p in links if not (document.parent / p).exists()]
    missing += [p for p in paths if not (ROOT / p).exists()]
    assert missing == []


def test_every_make_target_in_the_readme_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"`?make ([a-z]+)", (ROOT / "README.md").read_text()))
    assert named - targets == set()
