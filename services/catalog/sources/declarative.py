"""Declarative agents: YAML → ``DeclarativeSpec`` → draft. Every error has its line and column and says what to do."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from nexdeck.models.declarative import DeclarativeSpec, FieldSpec, Provider
from nexdeck.models.manifest import AgentKind, JsonSchema
from nexdeck.services.catalog.codegen.declarative import declarative_module
from nexdeck.services.catalog.sources import schemas
from nexdeck.services.catalog.sources.draft import VersionDraft
from nexdeck.services.catalog.sources.faults import validated, version_fault
from nexdeck.services.catalog.sources.text import json_problem, pretty
from nexdeck.services.catalog.sources.yaml_text import Path, YamlDocument
from nexdeck.services.errors import Fault, SourceInvalid

# Names that Kaizen itself uses: an attribute of its Signature, or an argument on the way to the model.
RESERVED_NAMES = frozenset(
    [
        "self",
        "agent",
        "session_id",
        "guidelines",
        "has_list_outputs",
        "input_fields",
        "inputs",
        "instructions",
        "intent",
        "output_fields",
        "outputs",
        "add_performance_hook",
        "to_dict",
        "with_guidelines",
        "with_instructions",
    ]
)


def read_declarative(filename: str, source: str, document: YamlDocument) -> VersionDraft:
    """Raises SourceInvalid with all faults that were found."""
    spec = validated(DeclarativeSpec, document)
    faults = list(_faults(spec, document))
    if faults:
        raise SourceInvalid("The declarative agent is not valid.", errors=faults)
    spec = spec.model_copy(update={"base_url": _without_v1(spec.base_url)})
    input_schema = inputs_schema(spec)
    sample = spec.sample if spec.sample is not None else schemas.sample_of(input_schema)
    return VersionDraft(
        name=spec.name,
        version=spec.version,
        kind=AgentKind.DECLARATIVE,
        filename=filename,
        source=source,
        module=declarative_module(spec, sample),
        description=spec.description or spec.instructions.strip().splitlines()[0][:200],
        input_schema=input_schema,
        output_schema=outputs_schema(spec),
        sample=sample,
        secrets=[spec.key_secret] if spec.key_secret else [],
        provider=spec.provider,
    )


def inputs_schema(spec: DeclarativeSpec) -> JsonSchema:
    properties = {field.name: schemas.field_schema(field) for field in spec.inputs}
    return schemas.object_schema(properties, [field.name for field in spec.inputs if field.is_required])


def outputs_schema(spec: DeclarativeSpec) -> JsonSchema:
    """Every output is there; one that is not required may be null."""
    fields = {field.name: field for field in spec.outputs}
    properties = {
        name: schemas.field_schema(field, nullable=not field.is_required and field.default is None)
        for name, field in fields.items()
    }
    return schemas.object_schema(properties, list(fields))


def _faults(spec: DeclarativeSpec, document: YamlDocument) -> Iterator[Fault]:
    yield from version_fault(spec.version, document)
    if not spec.instructions.strip():
        yield document.fault(("instructions",), "is blank; say what the agent should do")
    for group in ("inputs", "outputs"):
        yield from _field_faults(group, getattr(spec, group), document)
    taken = {field.name for field in spec.inputs}
    for index, field in enumerate(spec.outputs):
        if field.name in taken:
            message = f"{field.name!r} is an input already; give the output another name"
            yield document.fault(("outputs", index, "name"), message)
    yield from _provider_faults(spec, document)
    if spec.mcp_servers:
        # Seen with Kaizen 2.46: it tells the model "not yet implemented" as the result of every tool it calls.
        message = (
            "Kaizen answers tool calls with placeholders, so declarative agents have no tools; write one in Python"
        )
        yield document.fault(("mcp_servers",), message)
    if spec.sample is not None:
        for path, problem in schemas.problems(spec.sample, inputs_schema(spec)):
            yield document.fault(("sample", *path), f"the sample does not match the inputs: {problem}")


def _field_faults(group: str, fields: list[FieldSpec], document: YamlDocument) -> Iterator[Fault]:
    seen: dict[str, int] = {}
    for index, field in enumerate(fields):
        path: Path = (group, index)
        if field.name in RESERVED_NAMES:
            yield document.fault((*path, "name"), f"{field.name!r} is a name of Kaizen's own; try {field.name}_text")
        if field.name in seen:
            first = document.fault((group, seen[field.name], "name"), "").line
            yield document.fault((*path, "name"), f"{field.name!r} is here twice (first in line {first}); rename one")
        seen.setdefault(field.name, index)
        if field.required and field.default is not None:
            yield document.fault((*path, "default"), "a required field needs no default; remove one of the two")
        plain = {"type": field.type}
        choices = field.enum or []
        for position, choice in enumerate(choices):
            if choice in choices[:position]:
                yield document.fault((*path, "enum", position), f"the choice {pretty(choice)} is here twice")
            for _, problem in schemas.problems(choice, plain):
                yield document.fault((*path, "enum", position), f"the choice {problem}")
        if field.default is not None:
            wanted = plain if field.enum is None else {**plain, "enum": field.enum}
            for _, problem in schemas.problems(field.default, wanted):
                yield document.fault((*path, "default"), f"the default {problem}")


def _provider_faults(spec: DeclarativeSpec, document: YamlDocument) -> Iterator[Fault]:
    if spec.provider != Provider.OFFLINE and spec.model is None:
        yield document.fault(("provider",), f"{spec.provider} needs a model; add a line such as `model: NAME`")
    if spec.base_url is None:
        return
    problem = json_problem(spec.base_url)
    try:
        parts = urlsplit(spec.base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or (parts.port is not None and not parts.port):
            problem = "must be an address such as https://models.example.com"
        elif parts.username or parts.password:
            problem = "must not carry a password; put the key into a secret and name it in api_key_secret"
        elif parts.query or parts.fragment or any(character.isspace() for character in spec.base_url):
            problem = "must be a plain address, without ?, # or spaces"
    except ValueError as error:
        problem = f"is not an address: {error}"
    if problem:
        yield document.fault(("base_url",), problem)


def _without_v1(base_url: str | None) -> str | None:
    """Kaizen appends ``/v1`` itself."""
    return base_url.rstrip("/").removesuffix("/v1").rstrip("/") if base_url else None
