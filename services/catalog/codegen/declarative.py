"""A declarative agent as a Kaizen module: a Signature, a BaseAgent subclass named by ``agent``, and a small program."""

import keyword
from collections.abc import Iterator
from typing import Any

from nexdeck.models.declarative import DeclarativeSpec, FieldSpec, Provider
from nexdeck.services.catalog.codegen import fragments
from nexdeck.services.catalog.codegen.literals import (
    CallExpression,
    Code,
    assignment,
    docstring,
    layout,
    one_line,
    quoted,
)

_TYPES = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "array": "list", "object": "dict"}
_USED = {
    *_TYPES.values(),
    "Literal",
    "Optional",
    "InputField",
    "OutputField",
}  # a field of such a name would hide it from the next


def declarative_module(spec: DeclarativeSpec, sample: dict[str, Any]) -> str:
    """The module's text. It needs kailash-kaizen and nothing of ours."""
    signature = f"{class_name(spec.name)}Signature"
    is_offline = spec.provider == Provider.OFFLINE
    opening = [
        docstring("\n\n".join(filter(None, [f"{spec.name} {spec.version}", spec.description])) + "\n"),
        _imports(spec),
        _constants(spec, sample),
    ]
    definitions = [
        fragments.OFFLINE_TEXT if is_offline and any(map(_is_free_text, spec.outputs)) else "",
        _signature_by_call(spec, signature) if _needs_call(spec) else _signature_class(spec, signature),
        _offline_agent(spec) if is_offline else _model_agent(spec),
        assignment("agent", Code(f"{class_name(spec.name)}Agent")),
        fragments.SIGNATURE_FAULTS.replace("SIGNATURE", signature),
        fragments.MAIN.replace("ANSWER", "agent().run_async(**inputs)"),
    ]
    return "\n\n\n".join(["\n\n".join(opening), *(text.strip() for text in definitions if text)]) + "\n"


def class_name(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("-"))


def _imports(spec: DeclarativeSpec) -> str:
    is_offline = spec.provider == Provider.OFFLINE
    fields = [*spec.inputs, *spec.outputs]
    lines = ["import asyncio", "import json", "import os" if spec.key_secret else "", "import sys"]
    typing = ["Literal"] if any(_has_literal(field) for field in fields) else []
    typing += ["Optional"] if _has_optional(spec) else []
    lines += [f"from typing import {', '.join(typing)}"] if typing else []
    lines += ["from zlib import crc32"] if is_offline and _has_chance(spec) else []
    lines = [line for line in lines if line]
    names = ["InputField", "OutputField", "Signature", *(["SignatureMeta"] if _needs_call(spec) else [])]
    structured = "from kaizen.core.structured_output import StructuredOutputGenerator, create_structured_output_config"
    return "\n".join(
        [
            *lines,
            "",
            "from kaizen.core.base_agent import BaseAgent, BaseAgentConfig",
            *([] if is_offline else [structured]),
            "from kaizen.core.type_introspector import TypeIntrospector",
            f"from kaizen.signatures import {', '.join(names)}",
        ]
    )


def _constants(spec: DeclarativeSpec, sample: dict[str, Any]) -> str:
    constants: dict[str, Any] = {"__version__": spec.version, "INSTRUCTIONS": spec.instructions}
    constants["DEFAULTS"] = {field.name: field.default for field in spec.inputs if field.default is not None}
    if spec.provider != Provider.OFFLINE and _has_optional(spec):
        constants["OUTPUT_DEFAULTS"] = {field.name: field.default for field in spec.outputs if not field.is_required}
    constants["SAMPLE"] = sample
    return "\n".join(assignment(name, value) for name, value in constants.items())


def _signature_class(spec: DeclarativeSpec, name: str) -> str:
    lines = [f"class {name}(Signature):", "    __doc__ = INSTRUCTIONS", ""]
    lines += [assignment(f"{field}: {kind}", call, 4) for field, kind, call in _fields(spec)]
    return "\n".join(lines)


def _signature_by_call(spec: DeclarativeSpec, name: str) -> str:
    """The same class made by a call, because a field named ``class`` or ``str`` cannot stand in a class body."""
    fields = list(_fields(spec))
    body = {
        "__doc__": Code("INSTRUCTIONS"),
        "__annotations__": {field: Code(kind) for field, kind, _ in fields},
        **{field: call for field, _, call in fields},
    }
    lines = ["SignatureMeta(", f"    {quoted(name)},", "    (Signature,),", f"    {layout(body, 4, 4, 1)},", ")"]
    return f"{name} = " + "\n".join(lines)


def _fields(spec: DeclarativeSpec) -> Iterator[tuple[str, str, CallExpression]]:
    """Each field's name, its annotation, and the call that describes it."""
    for field in spec.inputs:
        arguments = _described(field)
        if field.default is not None:
            arguments["default"] = field.default
        elif not field.is_required:
            arguments["required"] = False
        yield field.name, _annotation(field, optional=False), CallExpression("InputField", arguments)
    for field in spec.outputs:
        yield (
            field.name,
            _annotation(field, optional=not field.is_required),
            CallExpression("OutputField", _described(field)),
        )


def _described(field: FieldSpec) -> dict[str, Any]:
    # Kaizen puts the description before the value in its message to the model, so there must be one.
    described: dict[str, Any] = {"description": field.description or field.name.replace("_", " ")}
    if field.enum is not None and not _has_literal(field):
        described["metadata"] = {"validation": {"enum": field.enum}}
    return described


def _has_literal(field: FieldSpec) -> bool:
    # Kaizen describes every Literal to the model as a string, so it serves for nothing else.
    return field.enum is not None and field.type == "string"


def _has_optional(spec: DeclarativeSpec) -> bool:
    return not all(field.is_required for field in spec.outputs)


def _annotation(field: FieldSpec, *, optional: bool) -> str:
    kind = _TYPES[field.type]
    if _has_literal(field):
        kind = f"Literal[{', '.join(map(one_line, field.enum or []))}]"
    return f"Optional[{kind}]" if optional else kind  # Kaizen takes ``str | None`` for a required string


def _needs_call(spec: DeclarativeSpec) -> bool:
    return any(keyword.iskeyword(field.name) or field.name in _USED for field in [*spec.inputs, *spec.outputs])


def _model_agent(spec: DeclarativeSpec) -> str:
    strict = all(field.type != "object" for field in spec.outputs)  # OpenAI's strict mode has no free-form objects
    key = Code(f"os.environ.get({quoted(spec.key_secret)})") if spec.key_secret else None
    if key is None and spec.provider != Provider.OLLAMA:
        key = "none"  # the server wants no key, but Kaizen wants one to be there
    settings: dict[str, Any] = {
        "llm_provider": spec.provider,
        "model": spec.model,
        "temperature": spec.temperature,
        "max_tokens": spec.max_tokens,
        "base_url": spec.base_url,
        "api_key": key,
    }
    settings = {name: value for name, value in settings.items() if value is not None}
    settings["response_format"] = Code(f"create_structured_output_config(signature, strict={strict})")
    settings["use_async_llm"] = True
    settings["error_handling_enabled"] = Code("False,  # an error is raised, not answered")
    run = fragments.MODEL_RUN_WITH_DEFAULTS if _has_optional(spec) else fragments.MODEL_RUN
    return _agent_class(spec, settings) + run.rstrip()


def _offline_agent(spec: DeclarativeSpec) -> str:
    answer = {field.name: Code(_made_up(field)) for field in spec.outputs}
    chance = fragments.OFFLINE_CHANCE.lstrip("\n") if _has_chance(spec) else ""
    returned = f"        return {layout(answer, 8, 15)}"
    return _agent_class(spec, {"use_async_llm": True}) + fragments.OFFLINE_START + chance + returned


def _agent_class(spec: DeclarativeSpec, settings: dict[str, Any]) -> str:
    title = class_name(spec.name)
    lines = [f"        config = BaseAgentConfig({_exploded(settings)}", "        )"]
    if len(settings) == 1:
        lines = [f"        config = {one_line(CallExpression('BaseAgentConfig', settings))}"]
    return "\n".join(
        [
            f"class {title}Agent(BaseAgent):",
            "    def __init__(self) -> None:",
            f"        signature = {title}Signature()",
            *lines,
            "        super().__init__(config=config, signature=signature, mcp_servers=[])",
            "",
        ]
    )


def _exploded(settings: dict[str, Any]) -> str:
    texts = (f"{name}={layout(value, 12, 13 + len(name), 1)}" for name, value in settings.items())
    return "".join(f"\n            {text}{'' if '#' in text and text.startswith('error') else ','}" for text in texts)


def _has_chance(spec: DeclarativeSpec) -> bool:
    return any(field.enum is not None or field.type in ("integer", "number", "boolean") for field in spec.outputs)


def _is_free_text(field: FieldSpec) -> bool:
    return field.type == "string" and field.enum is None


def _made_up(field: FieldSpec) -> str:
    description = quoted(field.description or field.name.replace("_", " "))
    if field.enum is not None:
        return f"{one_line(field.enum)}[chance % {len(field.enum)}]"
    return {
        "string": f"made_up({description}, given)",
        "integer": "chance % 100",
        "number": "chance % 1000 / 1000",
        "boolean": "chance % 2 == 0",
        "array": '[f"[offline] {name}: {value}" for name, value in inputs.items()]',
        "object": '{"offline": True, "inputs": inputs}',
    }[field.type]
