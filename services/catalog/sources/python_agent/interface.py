"""The inputs and outputs of each kind of Python agent: a function, a BaseAgent with a Signature, a WorkflowBuilder."""

import ast
from dataclasses import dataclass, field
from typing import Any

from nexdeck.models.manifest import CHUNKS_KEYWORD, JsonSchema
from nexdeck.services.catalog.sources import schemas
from nexdeck.services.catalog.sources.python_agent.docs import docs_of
from nexdeck.services.catalog.sources.python_agent.module import (
    Function,
    PythonModule,
    fault,
    keyword_of,
    last_name,
    text_of,
)
from nexdeck.services.catalog.sources.python_agent.streams import answer_of, piece_of, with_chunks, yields
from nexdeck.services.catalog.sources.python_agent.types import TypeReader, field_description
from nexdeck.services.catalog.sources.text import json_problem
from nexdeck.services.errors import Fault


@dataclass
class PythonInterface:
    inputs: JsonSchema
    outputs: JsonSchema
    description: str = ""
    faults: list[Fault] = field(default_factory=list)


def of_function(function: Function, module: PythonModule, *, is_method: bool = False) -> PythonInterface:
    docs = docs_of(function)
    reader = TypeReader(module, for_input=True)
    inputs = _parameters(function.args, reader, docs.parameters, skip=1 if is_method else 0)
    outputs = _outputs(function, module, docs.returns)
    faults = [*_call_faults(function), *_json_faults(reader)]
    return PythonInterface(inputs, outputs, docs.summary, faults)


def _outputs(function: Function, module: PythonModule, description: str) -> JsonSchema:
    if not yields(function):
        return output_schema(function.returns, module, description)
    piece = piece_of(function)
    return with_chunks(output_schema(answer_of(piece, module), module, description), piece, module)


def of_base_agent(name: str, module: PythonModule) -> PythonInterface:
    """From the parameters of its own ``run_async`` or ``run`` if it names them, else from the Signature it uses."""
    definition = module.classes[name]
    methods = {node.name: node for node in definition.body if isinstance(node, Function)}
    method = methods.get("run_async") or methods.get("run")
    signature = _signature_of(definition, module)
    if method is not None and (len(method.args.args) > 1 or method.args.kwonlyargs):
        interface = of_function(method, module, is_method=True)
        if method.returns is None and signature is not None:
            chunks = {key: value for key, value in interface.outputs.items() if key == CHUNKS_KEYWORD}
            interface.outputs = of_signature(signature, module).outputs | chunks
    elif signature is not None:
        interface = of_signature(signature, module)
    else:
        interface = PythonInterface(schemas.object_schema({}, [], is_open=True), schemas.any_object())
    interface.description = docs_of(definition).summary or interface.description
    return interface


def of_signature(definition: ast.ClassDef, module: PythonModule) -> PythonInterface:
    reader = TypeReader(module, for_input=True)
    inputs: dict[str, JsonSchema] = {}
    outputs: dict[str, JsonSchema] = {}
    required: list[str] = []
    for statement in definition.body:
        match statement:
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.Call() as call):
                described = field_description(call) or (text_of(call.args[0]) if call.args else "")
                schema = reader.read(statement.annotation)
                schema = {**schema, "description": described} if described else schema
                if last_name(call) == "OutputField":
                    outputs[name] = schema
                elif last_name(call) == "InputField":
                    default, wanted = keyword_of(call, "default"), keyword_of(call, "required")
                    inputs[name] = _with_default(schema, default) if default is not None else schema
                    if default is None and not (isinstance(wanted, ast.Constant) and wanted.value is False):
                        required.append(name)
    return PythonInterface(
        schemas.object_schema(inputs, required, is_open=not inputs),
        schemas.object_schema(outputs, list(outputs), is_open=True) if outputs else schemas.any_object(),
        docs_of(definition).summary,
    )


def of_workflow(module: PythonModule) -> PythonInterface:
    """The names that ``add_workflow_inputs`` maps; without such a call, whatever one sends."""
    names: list[str] = []
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and last_name(node) == _MAPS_INPUTS:
            mapping = keyword_of(node, "input_mappings") or (node.args[1] if len(node.args) > 1 else None)
            if isinstance(mapping, ast.Dict):
                names += [text_of(key) for key in mapping.keys if text_of(key)]
    properties: dict[str, JsonSchema] = {name: {} for name in names}
    return PythonInterface(
        schemas.object_schema(properties, list(properties), is_open=not properties), schemas.any_object()
    )


_MAPS_INPUTS = "add_workflow_inputs"


def output_schema(node: ast.expr | None, module: PythonModule, description: str = "") -> JsonSchema:
    """Objects stay as they are; any other value v becomes ``{"result": v}``, as the gateway does it."""
    schema = TypeReader(module, for_input=False).read(node)
    if node is None or not schema:
        return schemas.any_object()
    if "object" in _types_of(schema):
        if schema.get("type") != "object":
            return schemas.any_object()
        schema.setdefault("additionalProperties", True)
        return {**schema, "description": description} if description else schema
    result = {**schema, "description": description} if description else schema
    return schemas.object_schema({"result": result}, ["result"])


def _types_of(schema: JsonSchema) -> set[str]:
    if "anyOf" in schema:
        return {kind for option in schema["anyOf"] for kind in _types_of(option)}
    kind = schema.get("type", [])
    return {kind} if isinstance(kind, str) else set(kind)


def _parameters(arguments: ast.arguments, reader: TypeReader, documented: dict[str, str], skip: int) -> JsonSchema:
    properties: dict[str, JsonSchema] = {}
    required: list[str] = []
    missing = [None] * (len(arguments.args) - len(arguments.defaults))
    positional = list(zip(arguments.args, [*missing, *arguments.defaults], strict=False))[skip:]
    for argument, default in [*positional, *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]:
        schema = reader.read(argument.annotation)
        if "description" not in schema and documented.get(argument.arg):
            schema = {**schema, "description": documented[argument.arg]}
        if default is None:
            required.append(argument.arg)
        else:
            schema = _with_default(schema, default)
        properties[argument.arg] = schema
    return schemas.object_schema(properties, required, is_open=arguments.kwarg is not None)


def _with_default(schema: JsonSchema, node: ast.expr) -> JsonSchema:
    """With the default that is written there; a None also lets null in. A computed default stays the function's."""
    try:
        value: Any = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return schema
    if value is None:
        kind = schema.get("type")
        return {**schema, "type": [kind, "null"]} if isinstance(kind, str) and "enum" not in schema else schema
    fits = json_problem(value) is None and not schemas.problems(value, schema)
    return {**schema, "default": value} if fits else schema


def _call_faults(function: Function) -> list[Fault]:
    faults = []
    if function.args.vararg:
        message = f"*{function.args.vararg.arg} has no name to send a value by; name each parameter"
        faults.append(fault(function.args.vararg, message, function.args.vararg.arg))
    if function.args.posonlyargs:
        names = ", ".join(argument.arg for argument in function.args.posonlyargs)
        message = f"inputs are passed by name, so {names} must not be positional-only; remove the /"
        faults.append(fault(function.args.posonlyargs[0], message, function.args.posonlyargs[0].arg))
    return faults


def _json_faults(reader: TypeReader) -> list[Fault]:
    advice = (
        "inputs arrive as plain JSON; take str, int, float, bool, list, dict, Literal or a TypedDict, and convert it"
    )
    return [fault(node, f"{name} cannot be the type of an input: {advice}") for node, name in reader.not_json]


def _signature_of(definition: ast.ClassDef, module: PythonModule) -> ast.ClassDef | None:
    known = {name: node for name, node in module.classes.items() if module.derives_from(name, "Signature")}
    used = [node.id for node in ast.walk(definition) if isinstance(node, ast.Name) and node.id in known]
    if used:
        return known[used[0]]
    return next(iter(known.values())) if len(known) == 1 else None
