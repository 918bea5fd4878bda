"""Where the inputs of an orchestration's steps come from: worked out by ``services.catalog.sources.wiring``."""

from dataclasses import dataclass, field
from typing import Any

from nexdeck.models.manifest import JsonSchema


@dataclass(frozen=True)
class FromInput:
    """An input of the orchestration itself."""

    name: str


@dataclass(frozen=True)
class FromStep:
    """An output of an earlier step; ``is_certain`` if its schema promises that it is there."""

    step: str
    name: str
    is_certain: bool


@dataclass(frozen=True)
class Value:
    """What the author wrote."""

    value: Any


Origin = FromInput | FromStep | Value


@dataclass(frozen=True)
class Wire:
    """One input of a step. An optional one whose origin has nothing is left out of the call."""

    target: str
    origin: Origin
    is_required: bool


@dataclass
class Wiring:
    """``steps``: the wires of each step, by its id. ``outputs`` None: the last step's, or all under their ids."""

    steps: dict[str, list[Wire]] = field(default_factory=dict)
    outputs: dict[str, Origin] | None = None
    input_schema: JsonSchema = field(default_factory=dict)
    output_schema: JsonSchema = field(default_factory=dict)
