"""The rooms of the house: how large they are, and the doors through which they are spoken to.

A room is a package in ``services``, ``app/gateway`` or ``pages/components``. Its ``__init__.py`` says in one sentence
what it is for and names its ``DOORS``: the modules that others may import.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HALLS = ("services", "app/gateway", "pages/components")
MOST_FILES = 15  # and ``__init__``
LARGER = {
    "services/rules": "one ground floor: rules of one concern use another's, and rooms of their own would be cycles"
}
COMPOSITION = {"app/build.py"}  # puts the services together, and so knows their parts
ROOMS = [str(init.parent.relative_to(ROOT)) for hall in HALLS for init in sorted((ROOT / hall).glob("*/__init__.py"))]


def _doors(room: str) -> set[str]:
    for node in ast.parse((ROOT / room / "__init__.py").read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "DOORS":
            return set(ast.literal_eval(node.value))
    raise AssertionError(f"{room}/__init__.py names no DOORS")


def _imported(file: Path) -> Iterator[str]:
    """Modules of the house that a file imports, as paths: ``services/rollout/steps``."""
    for node in ast.walk(ast.parse(file.read_text())):
        if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("nexdeck."):
            continue
        module = node.module.removeprefix("nexdeck.").replace(".", "/")
        for alias in node.names:
            inner = f"{module}/{alias.name}"
            yield inner if (ROOT / f"{inner}.py").exists() or (ROOT / inner).is_dir() else module


def _entries() -> dict[str, dict[str, set[str]]]:
    """Room → the module of it that is imported from outside → by which files."""
    entries: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for part in ("app", "pages", "services"):
        for file in (ROOT / part).rglob("*.py"):
            name = str(file.relative_to(ROOT))
            for module in _imported(file) if name not in COMPOSITION else ():
                room = "/".join(module.split("/")[: _depth(module)])
                if room in ROOMS and module != room and not name.startswith(f"{room}/"):
                    entries[room][module.removeprefix(f"{room}/").replace("/", ".")].add(name)
    return entries


def _depth(module: str) -> int:
    return next((hall.count("/") + 2 for hall in HALLS if module.startswith(f"{hall}/")), 0)


ENTRIES = _entries()


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_is_entered_by_its_doors_alone(room: str) -> None:
    beside = {module: by for module, by in ENTRIES[room].items() if module not in _doors(room)}
    assert beside == {}, "imported past the door: import a door, or make this one"


@pytest.mark.parametrize("room", ROOMS)
def test_every_door_is_used(room: str) -> None:
    assert _doors(room) - set(ENTRIES[room]) == set(), "nobody outside imports these"


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_is_small_and_says_what_it_is_for(room: str) -> None:
    files = [file for file in (ROOT / room).glob("*.py") if file.name != "__init__.py"]
    assert len(files) <= MOST_FILES or room in LARGER
    assert ast.get_docstring(ast.parse((ROOT / room / "__init__.py").read_text()))


@pytest.mark.parametrize("hall", HALLS)
def test_a_hall_holds_rooms_and_little_else(hall: str) -> None:
    files = [file for file in (ROOT / hall).glob("*.py") if file.name != "__init__.py"]
    assert len(files) <= MOST_FILES


@pytest.mark.parametrize("hall", HALLS)
def test_the_architecture_page_lists_each_room(hall: str) -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    missing = [room for room in ROOMS if room.startswith(f"{hall}/") and f"`{room}/`" not in page]
    assert missing == []
