"""Orchestrations: YAML over other agents → draft. Members are fixed to exact versions and become part of the module."""

import ast
from collections.abc import Callable, Iterator
from typing import Any

from nexdeck.models.agent import AgentVersion
from nexdeck.models.manifest import CHUNKS_KEYWORD, AgentKind, JsonSchema
from nexdeck.models.orchestration import OrchestrationSpec
from nexdeck.services.catalog.codegen.orchestration import Member, orchestration_module
from nexdeck.services.catalog.sources import schemas
from nexdeck.services.catalog.sources.draft import VersionDraft
from nexdeck.services.catalog.sources.faults import validated, version_fault
from nexdeck.services.catalog.sources.python_agent.entry import find_entry
from nexdeck.services.catalog.sources.python_agent.module import Function, parse_module
from nexdeck.services.catalog.sources.wiring import Wirer
from nexdeck.services.catalog.sources.yaml_text import YamlDocument
from nexdeck.services.errors import Fault, NotFound, SourceInvalid

FindVersion = Callable[[str, str | None], AgentVersion]
"""(agent's name, version or None for the newest) → the version; raises NotFound."""
MAX_MODULE_BYTES = 4 * 1024 * 1024


def read_orchestration(filename: str, source: str, document: YamlDocument, find: FindVersion) -> VersionDraft:
    """Raises SourceInvalid with all faults that were found."""
    spec = validated(OrchestrationSpec, document)
    members, faults = _members(spec, document, find)
    faults += [*version_fault(spec.version, document), *_repeated(spec, document)]
    _raise(faults)
    wirer = Wirer(spec, members, document)
    wiring = wirer.wire()
    sample = _sample(spec, members, wiring.input_schema)
    faults = wirer.faults
    for path, problem in schemas.problems(sample, wiring.input_schema):
        advice = "the sample does not match the inputs" if spec.sample is not None else "add a sample; the one made up"
        faults.append(document.fault(("sample", *path), f"{advice}: {problem}"))
    _raise(faults)
    labels = [f"{step.agent}@{member.version}" for step, member in zip(spec.steps, members, strict=True)]
    callables = {label: _member(label, member) for label, member in zip(labels, members, strict=True)}
    module = orchestration_module(spec, wiring, labels, list(callables.values()), sample)
    if len(module.encode()) > MAX_MODULE_BYTES:
        _raise([document.fault(("steps",), "the members together are too large (more than 4 MB of source)")])
    return VersionDraft(
        name=spec.name,
        version=spec.version,
        kind=AgentKind.ORCHESTRATION,
        filename=filename,
        source=source,
        module=module,
        description=spec.description,
        input_schema=wiring.input_schema,
        output_schema=wiring.output_schema,
        sample=sample,
        secrets=list(dict.fromkeys(secret for member in members for secret in member.secrets)),
        members=list(callables),
    )


def _members(
    spec: OrchestrationSpec, document: YamlDocument, find: FindVersion
) -> tuple[list[AgentVersion], list[Fault]]:
    members, faults = [], []
    for index, step in enumerate(spec.steps):
        try:
            member = find(step.agent, step.version)
        except NotFound as error:
            key = "agent" if step.version is None or "version" not in error.message else "version"
            faults.append(document.fault(("steps", index, key), f"{error.message} Add it to the catalog first."))
            continue
        if _is_workflow(member):
            message = f"{step.agent} is a WorkflowBuilder; a step must be a function, a BaseAgent or an orchestration"
            faults.append(document.fault(("steps", index, "agent"), message))
        elif CHUNKS_KEYWORD in member.output_schema:
            message = f"{step.agent} streams its answer piece by piece; a step must return its answer at once"
            faults.append(document.fault(("steps", index, "agent"), message))
        members.append(member)
    return members, faults


def _repeated(spec: OrchestrationSpec, document: YamlDocument) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, step in enumerate(spec.steps):
        if step.step_id in seen:
            key = "id" if step.id else "agent"
            message = f"there is a step {step.step_id!r} already; give this one an id of its own"
            yield document.fault(("steps", index, key), message)
        seen.add(step.step_id)


def _raise(faults: list[Fault]) -> None:
    if faults:
        raise SourceInvalid("The orchestration is not valid.", errors=faults)


def _sample(spec: OrchestrationSpec, members: list[AgentVersion], schema: JsonSchema) -> dict[str, Any]:
    """Its own, else put together from what the members show for inputs of the same name."""
    if spec.sample is not None:
        return spec.sample
    shown: dict[str, Any] = {}
    for member in reversed(members):
        shown |= member.sample or {}
    fitting = {
        name: shown[name]
        for name, field in schema["properties"].items()
        if name in shown and not schemas.problems(shown[name], field)
    }
    return {**schemas.sample_of(schema), **fitting}


def _is_workflow(member: AgentVersion) -> bool:
    return member.kind is AgentKind.PYTHON and find_entry(parse_module(member.module)).kind == "workflow"


def _member(label: str, version: AgentVersion) -> Member:
    """How the orchestration's module calls it: by the function, or by a method of the agent."""
    if version.kind is AgentKind.ORCHESTRATION:
        return Member(label, version.module, "agent")
    if version.kind is AgentKind.DECLARATIVE:
        return Member(label, version.module, "agent().run_async")
    module = parse_module(version.module)
    entry = find_entry(module)
    if entry.kind in ("function", "opaque"):
        return Member(label, version.module, entry.name)
    definition = module.classes.get(entry.definition)
    methods = {node.name for node in definition.body if isinstance(node, Function)} if definition else set()
    method = "run" if "run" in methods and "run_async" not in methods else "run_async"
    made = "()" if isinstance(entry.node, ast.ClassDef) else ""
    return Member(label, version.module, f"{entry.name}{made}.{method}")
