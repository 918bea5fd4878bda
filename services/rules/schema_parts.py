"""JSON Schemas taken apart for comparison: references, alternatives, types and bounds, in one uniform way. Pure."""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from jsonschema import Draft202012Validator
from referencing.exceptions import Unresolvable
from referencing.jsonschema import EMPTY_REGISTRY

from nexdeck.models.manifest import CHUNKS_KEYWORD, JsonSchema

Schema = JsonSchema | bool
Tightness = tuple[float, bool]  # a limit and whether it excludes itself; the greater, the fewer values fit

ANNOTATIONS = {
    *("title", "description", "examples", "default", "deprecated", "readOnly", "writeOnly", "format"),
    *("$comment", "$schema", "$id", "$defs", "contentMediaType", "contentEncoding", "contentSchema"),
    CHUNKS_KEYWORD,
}  # none of these makes a value fit or not
MOST_ALTERNATIVES = 50
LONGEST_CHAIN = 50  # of references to references
TYPES = ("null", "boolean", "integer", "number", "string", "array", "object")
LIMITS = {  # of which type, the keyword, the one that excludes the limit itself, and whether more is tighter
    "shortest length": ("string", "minLength", None, 1),
    "longest length": ("string", "maxLength", None, -1),
    "minimum": ("number", "minimum", "exclusiveMinimum", 1),
    "maximum": ("number", "maximum", "exclusiveMaximum", -1),
    "fewest items": ("array", "minItems", None, 1),
    "most items": ("array", "maxItems", None, -1),
    "fewest fields": ("object", "minProperties", None, 1),
    "most fields": ("object", "maxProperties", None, -1),
}
# Each of these only ever takes values away, whatever stands beside it: equal on both sides it changes nothing.
OPAQUE = (
    *("$ref", "$dynamicRef", "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "propertyNames"),
    *("dependentRequired", "dependentSchemas", "pattern", "multipleOf", "uniqueItems"),
)
# What these mean depends on the keywords beside them, so with them any difference is one that nobody can class.
ENTANGLED = (
    *("patternProperties", "unevaluatedProperties", "unevaluatedItems", "prefixItems"),
    *("contains", "minContains", "maxContains", "$dynamicRef"),
)
_OF_NAMES = ("properties", "patternProperties", "$defs", "dependentSchemas")
_VERBATIM = ("enum", "const", "required", "dependentRequired", "type")


def bare(schema: Any) -> Any:
    """The schema without what only people read, so that equal ones mean the same."""
    if isinstance(schema, list):
        return [bare(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: value for key, value in schema.items() if key == "$defs" or key not in ANNOTATIONS}
    return {key: _bare_value(key, value) for key, value in kept.items()}


def _bare_value(key: str, value: Any) -> Any:
    if key in _OF_NAMES and isinstance(value, dict):
        return {name: bare(part) for name, part in value.items()}
    return value if key in _VERBATIM else bare(value)


def same_json(one: Any, other: Any) -> bool:
    """Equal as JSON, where 1 and true differ."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


class Part:
    """A schema inside a whole one, whose ``$defs`` it may refer to. References alone are followed, those with
    assertions beside them are kept as they are."""

    def __init__(self, schema: Schema, whole: Schema) -> None:
        self.whole = whole
        for _ in range(LONGEST_CHAIN):
            if not isinstance(schema, dict) or _assertions(schema) != {"$ref"}:
                break
            definition = _definitions(whole).get(str(schema["$ref"]).removeprefix("#/$defs/"))
            if definition is None:
                break
            schema = definition
        self.schema: JsonSchema = schema if isinstance(schema, dict) else {} if schema else {"not": {}}

    def below(self, schema: Schema) -> "Part":
        return Part(schema, self.whole)

    def get(self, keyword: str, default: Any = None) -> Any:
        return self.schema.get(keyword, default)

    @property
    def is_never(self) -> bool:
        return bare(self.schema) == {"not": {}}

    @property
    def is_anything(self) -> bool:
        return not _assertions(self.schema)

    @property
    def values(self) -> list[Any] | None:
        """All values that fit, where they are listed; None where they are not."""
        if "const" in self.schema:
            return [self.schema["const"]]
        return self.schema.get("enum")

    @property
    def types(self) -> set[str]:
        named = self.schema.get("type", list(TYPES))
        types = {named} if isinstance(named, str) else set(named)
        return types | {"integer"} if "number" in types else types

    def accepts(self, value: Any) -> bool:
        """False also when a reference leads nowhere."""
        if self.is_never:
            return False
        whole = {"$defs": _definitions(self.whole), **{k: v for k, v in self.schema.items() if k != "$defs"}}
        try:
            return Draft202012Validator(whole, registry=EMPTY_REGISTRY).is_valid(value)
        except (Unresolvable, RecursionError):
            return False

    @property
    def is_choice(self) -> bool:
        return _assertions(self.schema) == {"anyOf"}

    def alternatives(self) -> list["Part"]:
        """What ``anyOf`` lists, each of one type; the part itself where it lists nothing, or too much."""
        found = list(islice(self._alternatives(), MOST_ALTERNATIVES + 1))
        return found if 0 < len(found) <= MOST_ALTERNATIVES else [self]

    def _alternatives(self, seen: tuple[int, ...] = ()) -> Iterator["Part"]:
        if id(self.schema) in seen:  # it names itself as an alternative, which adds nothing
            return
        named = self.schema.get("type")
        if self.is_choice:
            for option in self.schema["anyOf"]:
                yield from self.below(option)._alternatives((*seen, id(self.schema)))
        elif isinstance(named, list) and self.values is None:
            yield from (self.below({**self.schema, "type": one}) for one in named)
        else:
            yield self

    def tightness(self, limit: str) -> Tightness | None:
        _, inclusive, exclusive, sign = LIMITS[limit]
        said = [(sign * self.schema[inclusive], False)] if inclusive in self.schema else []
        if exclusive and exclusive in self.schema:
            said.append((sign * self.schema[exclusive], True))
        lowest = (0, False) if inclusive.startswith("min") and exclusive is None else None
        return max(said, default=lowest)

    def meaning(self, keyword: str) -> Any:
        """What a keyword says, with the definitions that it may refer to."""
        value = bare({keyword: self.schema.get(keyword)})
        return [value, bare(_definitions(self.whole)) if "$ref" in json.dumps(value) else None]

    def differs_where_entangled(self, other: "Part") -> bool:
        if not any(keyword in part.schema for part in (self, other) for keyword in ENTANGLED):
            return False
        return not same_json([bare(self.schema), self._definitions()], [bare(other.schema), other._definitions()])

    def _definitions(self) -> Any:
        return bare(_definitions(self.whole)) if "$ref" in json.dumps(bare(self.schema)) else None


def type_words(part: Part) -> str:
    """``string or null``: the types of a part as a person says them."""
    if part.is_anything:
        return "anything"
    if part.is_never:
        return "nothing"
    return " or ".join(dict.fromkeys(_type_words(part)))


def _type_words(part: Part) -> Iterator[str]:
    for option in part.alternatives():
        if (values := option.values) is not None:
            yield from (short(value) for value in values)
        elif option.types.issuperset(TYPES):
            yield "anything"
        else:
            hidden = {"integer"} if "number" in option.types else set()
            yield from (name for name in TYPES if name in option.types - hidden)


def short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:59] + "…"


def _assertions(schema: JsonSchema) -> set[str]:
    return set(schema) - ANNOTATIONS


def _definitions(whole: Schema) -> dict[str, Schema]:
    return whole.get("$defs", {}) if isinstance(whole, dict) else {}
