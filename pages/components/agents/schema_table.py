"""The fields of a JSON Schema as a table for people."""

import json
from collections.abc import Iterator
from html import escape
from typing import Any

from nicegui import ui

MOST_LEVELS = 4


def inputs_table(schema: dict[str, Any]) -> None:
    _table(schema, True, "It takes no inputs.")


def outputs_table(schema: dict[str, Any]) -> None:
    _table(schema, False, "Its output is not described further.")


def _table(schema: dict[str, Any], tells_need: bool, nothing: str) -> None:
    if not schema.get("properties"):
        ui.label(nothing).classes("small fg3")
        return
    with ui.element("table").classes("schema"):
        with ui.element("thead"), ui.element("tr"):
            for head in ("Field", "Type", "Description"):
                with ui.element("th").props("scope=col"):
                    ui.label(head)
        with ui.element("tbody"):
            for name, field, needed in _fields(schema):
                _row(name, field, needed and tells_need)


def _fields(schema: dict[str, Any], prefix: str = "", depth: int = 0) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Path, schema and need of every field; those of objects and of lists of objects follow theirs."""
    for name, field in schema.get("properties", {}).items():
        field = field if isinstance(field, dict) else {}
        yield prefix + name, field, name in schema.get("required", [])
        if depth < MOST_LEVELS:
            for inner, mark in _objects_in(field):
                yield from _fields(inner, f"{prefix}{name}{mark}.", depth + 1)


def _objects_in(field: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    for option in [field, *field.get("anyOf", []), *field.get("oneOf", [])]:
        if isinstance(option, dict):
            yield option, ""
            if isinstance(option.get("items"), dict):
                yield option["items"], "[]"


def _row(name: str, field: dict[str, Any], required: bool) -> None:
    with ui.element("tr"):
        with ui.element("td"):
            # nothing but the escaped name and places to wrap it
            ui.html(escape(name).replace(".", ".<wbr>"), sanitize=False).classes("mono")
            if required:
                ui.label("required").classes("need")
        with ui.element("td"):
            ui.label(type_words(field)).classes("mono fg2")
        with ui.element("td"):
            ui.label(field.get("description") or "–").classes("fg2")
            if "default" in field:
                ui.label(f"default {_short(field['default'])}").classes("tiny fg3")


def type_words(field: dict[str, Any]) -> str:
    """``{"type": "array", "items": {"type": "string"}}`` → ``list of string``; the choices of an enum."""
    if "enum" in field:
        return " | ".join(_short(value) for value in field["enum"])
    if options := field.get("anyOf") or field.get("oneOf"):
        return " or ".join(type_words(option) for option in options)
    kind = field.get("type", "anything")
    if isinstance(kind, list):
        return " or ".join(kind)
    if kind == "array":
        return f"list of {type_words(field['items'])}" if isinstance(field.get("items"), dict) else "list"
    return f"{kind} ({field['format']})" if "format" in field else kind


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:59] + "…"
