"""What changed between two revisions of a deployment: version, options, contract, source and module. Pure.

A secret is only ever a name here: its value is not part of a revision.
"""

import json
from dataclasses import dataclass
from difflib import unified_diff
from typing import Any

from nexdeck.models.agent import AgentVersion
from nexdeck.models.option_shape import Notation, Option, names_as_text
from nexdeck.models.option_table import OPTIONS
from nexdeck.models.options import DeploymentOptions
from nexdeck.services.rules.contract import ContractChange, Side, compare_doors, compare_schemas


@dataclass(frozen=True)
class Snapshot:
    """What a revision runs; ``number`` is None for one that is not made yet."""

    number: int | None
    version: AgentVersion
    options: DeploymentOptions


@dataclass(frozen=True)
class OptionChange:
    """``path`` is dotted (``environment.REGION``); None is said where there was, or is, nothing."""

    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class TextDiff:
    """``lines`` as ``diff -u`` prints them, without ends of lines; none when the texts are equal."""

    name: str
    lines: list[str]
    added: int
    removed: int


@dataclass(frozen=True)
class RevisionDiff:
    """``before`` and ``after`` say which revisions: their numbers (None: not made yet) and the agent's versions."""

    before_revision: int | None
    after_revision: int | None
    before_version: str
    after_version: str
    contract: list[ContractChange]
    options: list[OptionChange]
    texts: list[TextDiff]

    @property
    def breaking(self) -> list[ContractChange]:
        return [change for change in self.contract if change.breaking]

    @property
    def is_empty(self) -> bool:
        same_version = self.before_version == self.after_version
        return same_version and not (self.contract or self.options or self.texts)


def compare(before: Snapshot, after: Snapshot) -> RevisionDiff:
    return RevisionDiff(
        before_revision=before.number,
        after_revision=after.number,
        before_version=before.version.version,
        after_version=after.version.version,
        contract=contract_changes(before, after),
        options=option_changes(before.options, after.options),
        texts=_text_diffs(before.version, after.version),
    )


def contract_changes(before: Snapshot, after: Snapshot) -> list[ContractChange]:
    """All that callers can notice, the breaking changes first."""
    changes = compare_doors(before.options, after.options)
    changes += compare_schemas(Side.INPUTS, before.version.input_schema, after.version.input_schema)
    changes += compare_schemas(Side.OUTPUTS, before.version.output_schema, after.version.output_schema)
    return sorted(changes, key=lambda change: not change.breaking)


def option_changes(before: DeploymentOptions, after: DeploymentOptions) -> list[OptionChange]:
    old, new = _flat(before), _flat(after)
    paths = sorted(path for path in old.keys() | new.keys() if old.get(path) != new.get(path))
    return [OptionChange(path, old.get(path), new.get(path)) for path in paths]


def _flat(options: DeploymentOptions) -> dict[str, str]:
    """Every option by its dotted path, in words; what is not set is left out."""
    flat: dict[str, str] = {}
    for option in OPTIONS:
        value = options.at(option.path)
        if value is not None:
            flat |= _words(option, value)
    return flat


def _words(option: Option, value: Any) -> dict[str, str]:
    """By path; variables, secrets and fields of the sample each have a path of their own."""
    path = option.path
    match option.notation:
        case Notation.SWITCH:
            return {path: "yes" if value else "no"}
        case Notation.COUNT | Notation.NUMBER:
            return {path: f"{value:.10g}"}
        case Notation.PAIRS:
            return {f"{path}.{name}": each for name, each in value.items()}
        case Notation.JSON:
            return {f"{path}.{name}": json.dumps(each) for name, each in value.items()}
        case Notation.PARTS:
            return {path: ", ".join(part for part in option.parts if getattr(value, part)) or "nothing"}
        case Notation.REPEATED if option.adds:
            return {f"{path}.{name}": "chosen" for name in value}
    return {path: names_as_text(value)}


def _text_diffs(before: AgentVersion, after: AgentVersion) -> list[TextDiff]:
    """The author's source and, where it is generated from that, the module."""
    texts = [(after.filename, before.source, after.source)]
    if before.module != before.source or after.module != after.source:
        texts.append(("generated module", before.module, after.module))
    labels = (before.version, after.version)
    return [_text_diff(name, old, new, labels) for name, old, new in texts if old != new]


def _text_diff(name: str, before: str, after: str, labels: tuple[str, str]) -> TextDiff:
    lines = list(unified_diff(before.splitlines(), after.splitlines(), *labels, lineterm=""))
    changed = [line[:1] for line in lines[2:]]
    return TextDiff(name, lines, changed.count("+"), changed.count("-"))
