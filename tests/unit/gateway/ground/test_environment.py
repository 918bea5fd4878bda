"""``os.environ`` shows a deployment its own variables, and lets it change only those."""

import os
import subprocess
import sys

import pytest

from nexdeck.app.gateway.ground.environment import MASK, Overlay, ScopedEnviron

SCRIPT = """
import os
from os import environ  # taken before: it must change too
from nexdeck.app.gateway.ground.environment import Overlay, install
overlay = Overlay({"OWN": "mine", "HOME": "/elsewhere"})
active = None
install(lambda: active)
assert "OWN" not in os.environ and environ is os.environ
active = overlay
assert environ["OWN"] == os.getenv("OWN") == "mine"
os.environ["NEW"] = "new"
del os.environ["PATH"]
assert os.getenv("PATH") is None and "PATH" not in list(os.environ) and os.environ["HOME"] == "/elsewhere"
assert os.environ.copy() == dict(os.environ) and len(os.environ) == len(list(os.environ))
assert os.environ.setdefault("NEW", "x") == "new" and os.environ.pop("NEW") == "new" and "NEW" not in os.environ
os.environ |= {"A": "1"}
assert os.environ["A"] == "1" and (os.environ | {"B": "2"})["B"] == "2"
try:
    os.environ["N"] = 1
except TypeError:
    pass
else:
    raise AssertionError
active = Overlay({"OWN": "mine"}, inherited=["SHARED"])
assert environ["SHARED"] == "yes" and environ["OWN"] == "mine" and os.environ["PATH"]
assert os.getenv("TOKEN") is None and "TOKEN" not in list(os.environ) and "TOKEN" not in os.environ
assert len(os.environ) == len(list(os.environ))
active = None
assert os.environ["TOKEN"] == "operator's"
assert "NEW" not in os.environ and "A" not in os.environ and os.environ["PATH"] and os.environ["HOME"] != "/elsewhere"
"""


def test_an_overlay_is_seen_only_while_it_is_active():
    """In a process of its own: the change of ``os.environ`` lasts as long as the process."""
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env=os.environ | {"SHARED": "yes", "TOKEN": "operator's"},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr


def test_deleting_what_is_not_there_is_a_key_error():
    environ = ScopedEnviron(
        {}, os.environ.encodekey, os.environ.decodekey, os.environ.encodevalue, os.environ.decodevalue
    )
    overlay = Overlay()
    environ.current = lambda: overlay
    with pytest.raises(KeyError):
        del environ["NOTHING"]


@pytest.mark.parametrize(
    ("value", "masked"),
    [("long-secret", True), ("short", False), ("http://host:1/path", False), ("postgres://u:p@host", True),
     ("http://user:password@host", True)],
)  # fmt: skip
def test_values_that_may_be_secret_are_masked(value, masked):
    text = Overlay({"V": value}).mask(f"before {value} after")
    assert text == (f"before {MASK} after" if masked else f"before {value} after")


def test_a_secret_that_contains_another_is_masked_whole():
    overlay = Overlay({"A": "abcdefgh", "B": "abcdefgh-and-more"})
    assert overlay.mask("abcdefgh-and-more abcdefgh") == f"{MASK} {MASK}"
