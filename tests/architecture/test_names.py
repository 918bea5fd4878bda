"""One name stands for one thing: no two public classes at the top of modules share theirs."""

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2]
# name → why it may stand for two
SHARED: dict[str, str] = {}


def test_no_two_public_classes_have_the_same_name() -> None:
    places = defaultdict(list)
    for part in ("app", "pages", "services", "models"):
        for file in sorted((ROOT / part).rglob("*.py")):
            for node in ast.parse(file.read_text()).body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    places[node.name].append(str(file.relative_to(ROOT)))
    twice = {name: files for name, files in places.items() if len(files) > 1}
    assert {name: files for name, files in twice.items() if name not in SHARED} == {}
    assert set(SHARED) - set(twice) == set(), "these are shared no longer"
