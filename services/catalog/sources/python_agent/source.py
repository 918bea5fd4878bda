"""Python agents: the module stays byte for byte as its author wrote it; its syntax tree gives the rest."""

import ast
import re
from pathlib import PurePath
from typing import Any

from nexdeck.models.manifest import CHUNKS_KEYWORD, NAME_PATTERN, VARIABLE_PATTERN, AgentKind, JsonSchema
from nexdeck.services.catalog.sources import schemas
from nexdeck.services.catalog.sources.draft import VersionDraft
from nexdeck.services.catalog.sources.faults import version_problem
from nexdeck.services.catalog.sources.python_agent.docs import docs_of
from nexdeck.services.catalog.sources.python_agent.entry import Entry, find_entry
from nexdeck.services.catalog.sources.python_agent.interface import (
    PythonInterface,
    of_base_agent,
    of_function,
    of_signature,
    of_workflow,
)
from nexdeck.services.catalog.sources.python_agent.module import (
    PythonModule,
    fault,
    last_name,
    parse_module,
    refuse,
    text_of,
)
from nexdeck.services.catalog.sources.written_schemas import schema_problem
from nexdeck.services.catalog.sources.yaml_text import dotted
from nexdeck.services.errors import Fault, SourceInvalid


def read_python(filename: str, source: str) -> VersionDraft:
    """Raises SourceInvalid with the line and column of each fault."""
    module = parse_module(source)
    entry = find_entry(module)
    interface = _interface(entry, module)
    inputs = _override(module, "INPUTS") or interface.inputs
    outputs = _override(module, "OUTPUTS") or interface.outputs
    if CHUNKS_KEYWORD in interface.outputs:
        outputs = {CHUNKS_KEYWORD: interface.outputs[CHUNKS_KEYWORD], **outputs}
    if "INPUTS" in module.values:
        interface.faults = []
    sample = module.literal("SAMPLE", dict)
    interface.faults += _sample_faults(module, sample, inputs)
    if interface.faults:
        raise SourceInvalid("The Python source cannot be an agent.", errors=interface.faults)
    read, mentioned = _environment(module.tree)
    secrets = _secrets(module)
    return VersionDraft(
        name=_name(filename),
        version=_version(module),
        kind=AgentKind.PYTHON,
        filename=filename,
        source=source,
        module=source,
        description=interface.description or docs_of(module.tree).summary,
        input_schema=inputs,
        output_schema=outputs,
        sample=schemas.sample_of(inputs) if sample is None else sample,
        secrets=read if secrets is None else secrets,
        suggested_secrets=[name for name in mentioned if name not in (read if secrets is None else secrets)],
    )


def _interface(entry: Entry, module: PythonModule) -> PythonInterface:
    match entry.kind:
        case "function":
            return of_function(module.functions[entry.definition], module)
        case "agent":
            return of_base_agent(entry.definition, module)
        case "signature":
            return of_signature(module.classes[entry.definition], module)
        case "workflow":
            return of_workflow(module)
    return PythonInterface(schemas.object_schema({}, [], is_open=True), schemas.any_object())


def _override(module: PythonModule, name: str) -> JsonSchema | None:
    schema = module.literal(name, dict)
    if schema is None:
        return None
    if problem := schema_problem(schema):
        refuse(module.values[name], f"{name} cannot be used: {problem}", path=name)
    return schema


def _sample_faults(module: PythonModule, sample: dict[str, Any] | None, inputs: JsonSchema) -> list[Fault]:
    if sample is None:
        fits = not schemas.problems(schemas.sample_of(inputs), inputs)
        return [] if fits else [Fault("SAMPLE", "no sample could be made up for these inputs; add SAMPLE = {…}", 1, 1)]
    node = module.values["SAMPLE"]
    return [
        fault(node, f"the sample does not match the inputs: {problem}", dotted(("SAMPLE", *path)))
        for path, problem in schemas.problems(sample, inputs)
    ]


def _version(module: PythonModule) -> str:
    version = module.literal("__version__", str) or "1.0.0"
    if problem := version_problem(version):
        refuse(module.values["__version__"], problem, path="__version__")
    return version


def _secrets(module: PythonModule) -> list[str] | None:
    names = module.literal("SECRETS", list)
    for name in names or []:
        if not isinstance(name, str) or not re.fullmatch(VARIABLE_PATTERN, name):
            refuse(module.values["SECRETS"], f"{name!r} is not a name for an environment variable", path="SECRETS")
    return names


def _environment(tree: ast.Module) -> tuple[list[str], list[str]]:
    """The variables that must be there (``os.environ["X"]``) and those that may be (``os.environ.get``, ``getenv``)."""
    must: dict[str, Any] = {}
    may: dict[str, Any] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Subscript(value=owner, slice=key, ctx=ast.Load()) if last_name(owner) == "environ":
                must[text_of(key)] = None
            case ast.Call(func=ast.Attribute(value=owner, attr="get"), args=[key, *_]) if last_name(owner) == "environ":
                may[text_of(key)] = None
            case ast.Call(args=[key, *_]) if last_name(node) == "getenv":
                may[text_of(key)] = None
    required, optional = ([name for name in names if re.fullmatch(VARIABLE_PATTERN, name)] for names in (must, may))
    return required, optional


def _name(filename: str) -> str:
    name = re.sub(r"[^a-z0-9]+", "-", PurePath(filename).stem.lower()).strip("-")
    if not re.fullmatch(NAME_PATTERN, name):
        message = "name the file after the agent: letters, digits and underscores, a letter first, such as my_agent.py"
        raise SourceInvalid(f"{filename!r} gives no name for an agent.", errors=[Fault("filename", message)])
    return name
