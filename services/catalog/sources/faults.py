"""pydantic's complaints about a YAML document, as faults with positions and in plain words."""

import difflib
import re
from collections.abc import Iterator
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from nexdeck.services.catalog.sources.text import pretty
from nexdeck.services.catalog.sources.yaml_text import Path, YamlDocument
from nexdeck.services.errors import Fault, SourceInvalid

SpecT = TypeVar("SpecT", bound=BaseModel)
# The official expression of semver.org, without the named groups.
SEMVER = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
    r"(-(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?"
    r"(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?",
    re.ASCII,
)
MAX_VERSION_LENGTH = 64
_WANTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "keys and values",
    "model_type": "keys and values",
}


def validated(
    spec: type[SpecT], document: YamlDocument, refusal: str = "The YAML does not describe an agent."
) -> SpecT:
    """Raises SourceInvalid with a fault for everything that pydantic found."""
    try:
        return spec.model_validate(document.data)
    except ValidationError as error:
        faults = [_fault(spec, dict(detail), document) for detail in error.errors(include_url=False)]
        raise SourceInvalid(refusal, errors=faults) from None


def version_fault(version: str, document: YamlDocument) -> Iterator[Fault]:
    if problem := version_problem(version):
        yield document.fault(("version",), problem)


def version_problem(version: str) -> str | None:
    if len(version) <= MAX_VERSION_LENGTH and SEMVER.fullmatch(version):
        return None
    return f"{pretty(version)} is not a semantic version; write it as MAJOR.MINOR.PATCH, for example 1.0.0"


def _fault(spec: type[BaseModel], detail: dict[str, Any], document: YamlDocument) -> Fault:
    path: Path = tuple(detail["loc"])
    kind, context, value = detail["type"], detail.get("ctx", {}), detail["input"]
    name = path[-1] if path else ""
    if kind == "extra_forbidden":
        return document.fault(path, _unknown_key(str(name), _fields_at(spec, path[:-1])), at_key=True)
    if kind == "missing":
        return document.fault(path[:-1], f"{name} is missing; add a line such as `{name}: …`")
    if kind in _WANTED:
        hint = f'; put it in quotes: "{value}"' if kind == "string_type" and isinstance(value, int | float) else ""
        return document.fault(path, f"must be {_WANTED[kind]}, not {pretty(value)}{hint}")
    if kind == "literal_error":
        choices = re.findall(r"'([^']*)'", context["expected"])
        return document.fault(path, f"{pretty(value)} is not known{_guess(str(value), choices)}; {_list(choices)}")
    if kind == "string_pattern_mismatch":
        return document.fault(path, f"{pretty(value)} is not a valid name: {_rule(context['pattern'])}")
    if kind == "value_error":  # ours, worded already
        return document.fault(path, str(context["error"]))
    return document.fault(path, f"{detail['msg'][:1].lower()}{detail['msg'][1:]}, not {pretty(value)}")


def _unknown_key(name: str, known: list[str]) -> str:
    return f"the key {name!r} is not known{_guess(name, known)}; {_list(known)}"


def _guess(word: str, known: list[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _list(known: list[str]) -> str:
    return f"use one of {', '.join(known)}"


def _rule(pattern: str) -> str:
    first = {"^[a-z]": "a small letter first", "^[A-Z": "a letter first"}.get(pattern[:6], "")
    first = first or ("a letter first" if pattern.startswith("^[A-Za-z]") else "a letter or an underscore first")
    rest = "then small letters, digits and hyphens" if "a-z0-9-" in pattern else "then letters, digits and underscores"
    longest = int(re.findall(r"\{0,(\d+)\}", pattern)[0]) + 1
    return f"{first}, {rest}, at most {longest} characters"


def _fields_at(spec: type[BaseModel], path: Path) -> list[str]:
    model: Any = spec
    for part in path:
        if isinstance(part, str):
            model = _model_in(model.model_fields[part])
    return list(model.model_fields)


def _model_in(field: FieldInfo) -> Any:
    kinds = [field.annotation, *get_args(field.annotation)]
    return next(kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel))
