"""Type hints as JSON Schemas, read from the syntax tree; a hint that says nothing to us allows everything."""

import ast
from typing import Any

from nexdeck.models.manifest import JsonSchema
from nexdeck.services.catalog.sources import schemas
from nexdeck.services.catalog.sources.python_agent.docs import docs_of
from nexdeck.services.catalog.sources.python_agent.module import PythonModule, keyword_of, last_name, text_of
from nexdeck.services.catalog.sources.text import json_problem

MAX_DEPTH = 24
_SIMPLE: dict[str, JsonSchema] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "None": {"type": "null"},
    "bytes": {"type": "string", "contentEncoding": "base64"},
    "datetime": {"type": "string", "format": "date-time"},
    "date": {"type": "string", "format": "date"},
    "time": {"type": "string", "format": "time"},
    "UUID": {"type": "string", "format": "uuid"},
    "Decimal": {"type": "string"},
}
_ARRAYS = {"list", "List", "Sequence", "Iterable", "Collection", "tuple", "Tuple", "set", "Set", "frozenset"}
_OBJECTS = {"dict", "Dict", "Mapping", "MutableMapping", "defaultdict", "OrderedDict"}
_WRAPPERS = {"Required", "NotRequired", "ReadOnly", "Final", "ClassVar", "Annotated"}
_NOT_JSON = {"bytes", "datetime", "date", "time", "UUID", "Decimal", "set", "Set", "frozenset"}


class TypeReader:
    """``for_input``: values arrive as plain JSON, so hints of other things are collected in ``not_json``."""

    def __init__(self, module: PythonModule, *, for_input: bool) -> None:
        self._module = module
        self._for_input = for_input
        self._open: list[str] = []
        self.not_json: list[tuple[ast.expr, str]] = []

    def read(self, node: ast.expr | None) -> JsonSchema:
        if node is None or len(self._open) > MAX_DEPTH:
            return {}
        self._open.append("")
        try:
            return self._read(node)
        finally:
            self._open.pop()

    def _read(self, node: ast.expr) -> JsonSchema:
        match node:
            case ast.Constant(value=None):
                return {"type": "null"}
            case ast.Constant(value=str(text)):
                return self._quoted(text, node)
            case ast.BinOp(op=ast.BitOr()):
                return _union([self.read(part) for part in alternatives(node)])
            case ast.Name() | ast.Attribute():
                return self._named(last_name(node), node)
            case ast.Subscript(slice=inner):
                arguments = inner.elts if isinstance(inner, ast.Tuple) else [inner]
                return self._generic(last_name(node), arguments, node)
        return {}

    def _quoted(self, text: str, node: ast.expr) -> JsonSchema:
        try:
            return self.read(ast.copy_location(ast.parse(text, mode="eval").body, node))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return {}

    def _named(self, name: str, node: ast.expr) -> JsonSchema:
        if name in self._module.classes:
            return self._class(name, node)
        if name in self._module.values and name not in self._open:
            self._open.append(name)
            try:
                return self.read(self._module.values[name])
            finally:
                self._open.pop()
        self._note_if_not_json(name, node)
        if name in _SIMPLE:
            return dict(_SIMPLE[name])
        if name in _ARRAYS:
            return {"type": "array"}
        return {"type": "object"} if name in _OBJECTS else {}

    def _generic(self, name: str, arguments: list[ast.expr], node: ast.expr) -> JsonSchema:
        self._note_if_not_json(name, node)
        if not arguments:
            return {}
        if name == "Optional":
            return _union([self.read(arguments[0]), {"type": "null"}])
        if name == "Union":
            return _union([self.read(argument) for argument in arguments])
        if name == "Literal":
            return _choice([argument.value for argument in arguments if isinstance(argument, ast.Constant)])
        if name in _WRAPPERS:
            schema = self.read(arguments[0])
            description = annotated_description(arguments[1:])
            return {**schema, "description": description} if description else schema
        if name in ("tuple", "Tuple") and not (len(arguments) == 2 and text_or_dots(arguments[1])):
            parts = [self.read(argument) for argument in arguments]
            return {"type": "array", "prefixItems": parts, "minItems": len(parts), "maxItems": len(parts)}
        if name in _ARRAYS:
            items = self.read(arguments[0])
            return {"type": "array", "items": items} if items else {"type": "array"}
        if name in _OBJECTS:
            values = self.read(arguments[1]) if len(arguments) == 2 else {}
            return {"type": "object", "additionalProperties": values} if values else {"type": "object"}
        return {}

    def _class(self, name: str, node: ast.expr) -> JsonSchema:
        if name in self._open:  # it refers to itself
            return {"type": "object"}
        definition = self._module.classes[name]
        if any(self._module.derives_from(name, base) for base in ("Enum", "StrEnum", "IntEnum")):
            self._note(name, node)
            return _enumeration(definition)
        is_typed_dict = self._module.derives_from(name, "TypedDict")
        is_dataclass = any(last_name(decorator) == "dataclass" for decorator in definition.decorator_list)
        if not is_typed_dict:
            self._note(name, node)
        if not (is_typed_dict or is_dataclass or self._module.derives_from(name, "BaseModel")):
            return {}
        self._open.append(name)
        try:
            return self._fields(definition)
        finally:
            self._open.pop()

    def _fields(self, definition: ast.ClassDef) -> JsonSchema:
        properties: dict[str, JsonSchema] = {}
        required: list[str] = []
        for base in definition.bases:
            if (parent := self._module.classes.get(last_name(base))) is not None and last_name(base) not in self._open:
                inherited = self._fields(parent)
                properties |= inherited["properties"]
                required += inherited.get("required", [])
        documented = docs_of(definition).parameters
        total = keyword_of(definition, "total")
        optional = isinstance(total, ast.Constant) and total.value is False
        for statement in definition.body:
            match statement:
                case ast.AnnAssign(target=ast.Name(id=name)) if not name.startswith("_"):
                    schema = self.read(statement.annotation)
                    description = field_description(statement.value) or documented.get(name, "")
                    properties[name] = {"description": description, **schema} if description else schema
                    wrapper = last_name(statement.annotation)
                    if wrapper == "Required" or not (optional or wrapper == "NotRequired" or _has_default(statement)):
                        required.append(name)
        return schemas.object_schema(properties, list(dict.fromkeys(required)), is_open=not self._for_input)

    def _note_if_not_json(self, name: str, node: ast.expr) -> None:
        if name in _NOT_JSON:
            self._note(name, node)

    def _note(self, name: str, node: ast.expr) -> None:
        if self._for_input:
            self.not_json.append((node, name))


def annotated_description(metadata: list[ast.expr]) -> str:
    """Of ``Annotated[T, "description"]``, ``Annotated[T, Doc("…")]`` or ``Annotated[T, Field(description="…")]``."""
    for node in metadata:
        if isinstance(node, ast.Call):
            node = keyword_of(node, "description") or (node.args[0] if last_name(node) == "Doc" and node.args else node)
        if text := text_of(node):
            return text
    return ""


def field_description(node: ast.expr | None) -> str:
    return text_of(keyword_of(node, "description", "desc")) if isinstance(node, ast.Call) else ""


def text_or_dots(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...


def _has_default(statement: ast.AnnAssign) -> bool:
    value = statement.value
    if isinstance(value, ast.Call) and last_name(value) in ("field", "Field"):
        given = value.args[0] if value.args else keyword_of(value, "default", "default_factory")
        return given is not None and not text_or_dots(given)
    return value is not None


def alternatives(node: ast.expr) -> list[ast.expr]:
    """The parts of ``A | B | C``, of which there may be one only."""
    parts: list[ast.expr] = []
    while isinstance(node, ast.BinOp):
        parts.append(node.right)
        node = node.left
    return [node, *reversed(parts)]


def _union(options: list[JsonSchema]) -> JsonSchema:
    if any(not option for option in options):
        return {}
    unique = [option for index, option in enumerate(options) if option not in options[:index]]
    if len(unique) == 1:
        return unique[0]
    plain = [option["type"] for option in unique if set(option) == {"type"} and isinstance(option["type"], str)]
    if len(plain) == len(unique):
        return {"type": plain}
    if len(unique) == 2 and {"type": "null"} in unique:
        other = next(option for option in unique if option != {"type": "null"})
        if isinstance(other.get("type"), str) and "enum" not in other:
            return {**other, "type": [other["type"], "null"]}
    return {"anyOf": unique}


def _choice(values: list[Any]) -> JsonSchema:
    values = [value for value in values if json_problem(value) is None]
    kinds = {_json_type(value) for value in values}
    return {"enum": values} if len(kinds) != 1 else {"type": kinds.pop(), "enum": values}


def _json_type(value: Any) -> str:
    names = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}
    return names.get(type(value), "object")


def _enumeration(definition: ast.ClassDef) -> JsonSchema:
    values = [
        statement.value.value
        for statement in definition.body
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant)
    ]
    return _choice(values) if values else {}
