"""Unloading leaves nothing of a module behind, and nothing of another one out."""

import sys
from types import ModuleType

import pytest

from nexdeck.app.gateway.agents.loading import unload


@pytest.fixture
def modules(monkeypatch) -> dict[str, ModuleType]:
    made = {name: ModuleType(name) for name in ("artifact_1", "artifact_1.member@1.0.0", "artifact_12")}
    for name, module in made.items():
        module.__file__ = f"<{name}>"
        monkeypatch.setitem(sys.modules, name, module)
    return made


def test_a_module_goes_with_its_members_and_no_other(modules) -> None:
    unload(modules["artifact_1"])
    assert [name for name in modules if name in sys.modules] == ["artifact_12"]


def test_one_that_was_loaded_again_stays(modules) -> None:
    unload(ModuleType("artifact_1"))
    assert all(name in sys.modules for name in modules)
