"""The contract of an agent with its callers, before and after: which changes of it break a caller. Pure.

A caller is broken by what it could send and no longer may, and by what it may now be answered and never was. So inputs
are compared for what became tighter, outputs for what became wider or went missing. Where nobody can tell, it counts
as breaking: a confirmation too many costs a click, one too few costs an outage.
"""

from dataclasses import dataclass
from enum import Enum

from nexdeck.models.manifest import JsonSchema
from nexdeck.models.options import DeploymentOptions
from nexdeck.services.rules.schema_parts import LIMITS, OPAQUE, Part, Tightness, bare, same_json, short, type_words

MOST_COMPARISONS = 10_000  # more than any schema that a person wrote needs


@dataclass(frozen=True)
class ContractChange:
    """``path`` is dotted (``inputs.items[].price``); ``what`` is a clause: “is required now”."""

    path: str
    what: str
    breaking: bool


class Side(Enum):
    INPUTS = "inputs"
    OUTPUTS = "outputs"


def compare_schemas(side: Side, live: JsonSchema, new: JsonSchema) -> list[ContractChange]:
    """What of the inputs (or outputs) changes, the breaking ones first; nothing for schemas that mean the same."""
    comparison = _Comparison(side)
    comparison.compare(side.value, Part(live, live), Part(new, new))
    return sorted(dict.fromkeys(comparison.changes), key=lambda change: not change.breaking)


def compare_doors(live: DeploymentOptions, new: DeploymentOptions) -> list[ContractChange]:
    """What changes of how callers get in: channels and keys."""
    changes = [ContractChange(f"channels.{c}", "is switched off", True) for c in live.channels if c not in new.channels]
    changes += [ContractChange(f"channels.{c}", "is new", False) for c in new.channels if c not in live.channels]
    if new.require_key and not live.require_key:
        changes.append(ContractChange("require_key", "calls without a key are refused now", True))
    if live.require_key and not new.require_key:
        changes.append(ContractChange("require_key", "no key is needed any more", False))
    return changes


class _Comparison:
    def __init__(self, side: Side, within: "_Comparison | None" = None) -> None:
        self.changes: list[ContractChange] = []
        self._side = side
        # The parts are kept with their ids, so that no id is used again while we compare.
        self._seen: dict[tuple[int, int], tuple[Part, Part]] = dict(within._seen) if within else {}
        self._left: list[int] = within._left if within else [MOST_COMPARISONS]

    def compare(self, path: str, live: Part, new: Part) -> None:
        """``live`` and ``new`` are what holds at ``path``. A definition met again is told where it was met first."""
        pair = (id(live.schema), id(new.schema))
        if pair in self._seen:
            return
        self._seen[pair] = (live, new)
        self._left[0] -= 1
        if self._left[0] <= 0:
            self._add(self._side.value, "is too intricate to be compared", True)
            return
        if [live.get("default"), "default" in live.schema] != [new.get("default"), "default" in new.schema]:
            self._safe(path, f"default {_default(new)} (was {_default(live)})")
        if live.is_anything and new.is_anything:
            return
        if live.is_never or new.is_never or live.differs_where_entangled(new):
            self._compare_wholes(path, live, new)
        elif live.values is not None or new.values is not None:
            self._compare_values(path, live, new)
        elif live.is_choice or new.is_choice:
            self._compare_alternatives(path, live, new)
        else:
            self._compare_plain(path, live, new)

    def _compare_wholes(self, path: str, live: Part, new: Part) -> None:
        if live.is_never and not new.is_never:
            self._wider(path, f"{type_words(new)} fits now (nothing did)")
        elif new.is_never and not live.is_never:
            self._tighter(path, "nothing fits any more")
        elif not live.is_never:
            self._unclear(path, "rules that cannot be told apart in parts")

    def _compare_values(self, path: str, live: Part, new: Part) -> None:
        lost = [value for value in live.values or [] if live.accepts(value) and not new.accepts(value)]
        gained = [value for value in new.values or [] if new.accepts(value) and not live.accepts(value)]
        for value in lost:
            self._tighter(path, f"{short(value)} is no longer one of its values")
        for value in gained:
            self._wider(path, f"{short(value)} is a new value")
        if live.values is None:
            self._tighter(path, f"only {type_words(new)} fits now (was {type_words(live)})")
        if new.values is None:
            self._wider(path, f"{type_words(new)} fits now (was one of {type_words(live)})")

    def _compare_alternatives(self, path: str, live: Part, new: Part) -> None:
        """Unbroken when each alternative that was there fits into one of the new ones, or the other way round."""
        before, after = live.alternatives(), new.alternatives()
        if any(part.is_choice for part in (*before, *after)):  # too many to be told apart
            self._compare_plain(path, live, new)
            return
        if self._side is Side.INPUTS:
            broken = not all(any(self._fits(old, each) for each in after) for old in before)
        else:
            broken = not all(any(self._fits(old, each) for old in before) for each in after)
        words = f"{type_words(new)} (was {type_words(live)})"
        if type_words(new) != type_words(live):
            self._add(path, words, broken)
        elif broken and len(before) == len(after):
            for old, each in zip(before, after, strict=True):
                self.compare(path, old, each)
        elif broken or not same_json([bare(each.schema) for each in before], [bare(each.schema) for each in after]):
            self._add(path, f"what it may be changed: {words}", broken)

    def _fits(self, live: Part, new: Part) -> bool:
        inner = _Comparison(self._side, within=self)
        inner.compare("", live, new)
        return not any(change.breaking for change in inner.changes)

    def _compare_plain(self, path: str, live: Part, new: Part) -> None:
        lost, gained = live.types - new.types, new.types - live.types
        words = f"{type_words(new)} (was {type_words(live)})"
        if lost:
            self._tighter(path, words)
        if gained:
            self._wider(path, words)
        shared = live.types & new.types
        for limit, (kind, *_) in LIMITS.items():
            if kind in shared or (kind == "number" and "integer" in shared):
                self._compare_limit(path, limit, live, new)
        for keyword in OPAQUE:
            self._compare_opaque(path, keyword, live, new)
        if "array" in shared:
            self.compare(f"{path}[]", live.below(live.get("items", True)), new.below(new.get("items", True)))
        if "object" in shared:
            self._compare_fields(path, live, new)

    def _compare_limit(self, path: str, limit: str, live: Part, new: Part) -> None:
        before, after = live.tightness(limit), new.tightness(limit)
        if before == after:
            return
        words = f"{limit} {_limit_words(limit, after)} (was {_limit_words(limit, before)})"
        if before is None or (after is not None and after > before):
            self._tighter(path, words)
        else:
            self._wider(path, words)

    def _compare_opaque(self, path: str, keyword: str, live: Part, new: Part) -> None:
        if same_json(live.meaning(keyword), new.meaning(keyword)):
            return
        if keyword not in live.schema:
            self._tighter(path, f"{keyword} is a new rule")
        elif keyword not in new.schema:
            self._wider(path, f"the rule {keyword} is gone")
        else:
            self._unclear(path, keyword)

    def _compare_fields(self, path: str, live: Part, new: Part) -> None:
        fields_live, fields_new = live.get("properties", {}), new.get("properties", {})
        others_live = live.below(live.get("additionalProperties", True))
        others_new = new.below(new.get("additionalProperties", True))
        required_live, required_new = set(live.get("required", [])), set(new.get("required", []))
        for name in fields_live:
            place = f"{path}.{name}"
            if name in fields_new:
                self.compare(place, live.below(fields_live[name]), new.below(fields_new[name]))
            else:
                self._gone(place, live.below(fields_live[name]), others_new)
        for name in fields_new:
            if name not in fields_live:
                self._arrived(f"{path}.{name}", others_live, new.below(fields_new[name]), name in required_new)
        for name in sorted(required_new - required_live):
            if name in fields_live or name not in fields_new:
                self._tighter(f"{path}.{name}", "is required now (was optional)")
        for name in sorted(required_live - required_new):
            if name in fields_new or name not in fields_live:
                self._wider(f"{path}.{name}", "is optional now (was required)")
        self._compare_others(f"{path}.*", others_live, others_new)

    def _gone(self, place: str, live: Part, others: Part) -> None:
        if self._side is Side.OUTPUTS:
            self._add(place, "is gone", True)
        elif others.is_never:
            self._add(place, "is gone; calls that send it are refused", True)
        else:
            self._safe(place, "is no longer a field of its own")
            self.compare(place, live, others)

    def _arrived(self, place: str, others: Part, new: Part, required: bool) -> None:
        if self._side is Side.INPUTS and required:
            self._add(place, "is new and required", True)
        elif self._side is Side.OUTPUTS or others.is_never:
            self._safe(place, "is new" if self._side is Side.OUTPUTS else "is new and optional")
        else:
            self._safe(place, "is new and optional")
            self.compare(place, others, new)  # callers were free to send anything of that name before

    def _compare_others(self, place: str, live: Part, new: Part) -> None:
        """The fields that have no name in the schema. More of them in an answer break nobody."""
        if self._side is Side.INPUTS or not (live.is_never or new.is_never):
            self.compare(place, live, new)

    def _tighter(self, path: str, what: str) -> None:
        self._add(path, what, self._side is Side.INPUTS)

    def _wider(self, path: str, what: str) -> None:
        self._add(path, what, self._side is Side.OUTPUTS)

    def _unclear(self, path: str, what: str) -> None:
        self._add(path, f"{what} changed", True)

    def _safe(self, path: str, what: str) -> None:
        self._add(path, what, False)

    def _add(self, path: str, what: str, breaking: bool) -> None:
        self.changes.append(ContractChange(path, what, breaking))


def _default(part: Part) -> str:
    return short(part.get("default")) if "default" in part.schema else "none"


def _limit_words(limit: str, tightness: Tightness | None) -> str:
    if tightness is None:
        return "none"
    sign = LIMITS[limit][3]
    excluded = ("above " if sign > 0 else "below ") if tightness[1] else ""
    return f"{excluded}{sign * tightness[0] + 0:g}"
