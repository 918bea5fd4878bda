"""What changed between two JSON documents, path by path."""

import json
from collections.abc import Iterator
from typing import Annotated, Any, TypedDict

__version__ = "1.0.0"
SAMPLE = {
    "before": '{"name": "web", "replicas": 2, "ports": [80]}',
    "after": '{"name": "web", "replicas": 3, "ports": [80, 443]}',
}

_ABSENT = object()


class Change(TypedDict):
    path: str
    change: str
    before: Any
    after: Any


class Difference(TypedDict):
    equal: bool
    summary: str
    changes: list[Change]


def json_diff(
    before: Annotated[str, "The old document, as JSON text"],
    after: Annotated[str, "The new document, as JSON text"],
) -> Difference:
    """Compare two JSON documents.

    Returns:
        Each added, removed or changed value with its path (such as `$.ports[1]`), and a summary in one line.
    """
    changes = list(_differences("$", _parsed(before, "before"), _parsed(after, "after")))
    counts = [
        f"{sum(change['change'] == kind for change in changes)} {kind}" for kind in ("added", "removed", "changed")
    ]
    return {"equal": not changes, "summary": ", ".join(counts) if changes else "no difference", "changes": changes}


def _parsed(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"`{name}` is not JSON: {error}") from None


def _differences(path: str, before: Any, after: Any) -> Iterator[Change]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(key for key in after if key not in before)]:
            yield from _differences(f"{path}.{key}", before.get(key, _ABSENT), after.get(key, _ABSENT))
    elif isinstance(before, list) and isinstance(after, list):
        for index in range(max(len(before), len(after))):
            old = before[index] if index < len(before) else _ABSENT
            new = after[index] if index < len(after) else _ABSENT
            yield from _differences(f"{path}[{index}]", old, new)
    elif before is _ABSENT:
        yield {"path": path, "change": "added", "before": None, "after": after}
    elif after is _ABSENT:
        yield {"path": path, "change": "removed", "before": before, "after": None}
    elif type(before) is not type(after) or before != after:
        yield {"path": path, "change": "changed", "before": before, "after": after}
