"""Where each input of each step comes from, and so what an orchestration takes and gives."""

import re
from collections.abc import Iterator
from typing import Any

from nexdeck.models.agent import AgentVersion
from nexdeck.models.manifest import JsonSchema
from nexdeck.models.orchestration import OrchestrationSpec, StepSpec
from nexdeck.services.catalog.codegen.wiring import FromInput, FromStep, Origin, Value, Wire, Wiring
from nexdeck.services.catalog.sources import schemas
from nexdeck.services.catalog.sources.text import pretty
from nexdeck.services.catalog.sources.yaml_text import Path, YamlDocument
from nexdeck.services.errors import Fault

_REFERENCE = re.compile(r"inputs\.([A-Za-z_]\w*)|steps\.([a-z][a-z0-9_-]*)\.([A-Za-z_]\w*)", re.ASCII)


class Wirer:
    """Connects the steps of ``spec``, whose step i calls ``members[i]``; ``faults`` says what does not fit."""

    def __init__(self, spec: OrchestrationSpec, members: list[AgentVersion], document: YamlDocument) -> None:
        self._spec = spec
        self._document = document
        self._members = {step.step_id: member for step, member in zip(spec.steps, members, strict=True)}
        self._inputs: dict[str, tuple[JsonSchema, str]] = {}
        self._required: list[str] = []
        self._earlier: list[str] = []
        self._wiring = Wiring()
        self.faults: list[Fault] = []

    def wire(self) -> Wiring:
        for index, step in enumerate(self._spec.steps):
            self._wiring.steps[step.step_id] = list(self._wires(index, step))
            if self._spec.pattern == "sequential":
                self._earlier.append(step.step_id)
        if self._spec.pattern == "parallel":
            self._earlier = list(self._members)  # all of them have ended when the outputs are put together
        self._connect_outputs()
        properties = {name: schema for name, (schema, _) in self._inputs.items()}
        self._wiring.input_schema = schemas.object_schema(properties, self._required)
        return self._wiring

    def _wires(self, index: int, step: StepSpec) -> Iterator[Wire]:
        schema = self._members[step.step_id].input_schema
        targets: dict[str, JsonSchema] = schema.get("properties", {})
        for name, written in step.inputs.items():
            path: Path = ("steps", index, "inputs", name)
            if name not in targets and schema.get("additionalProperties") is False:
                self._fault(path, f"{step.agent} has no input {name!r}; it takes {_names(targets)}", at_key=True)
                continue
            origin = self._origin(written, path)
            if origin is not None:
                yield self._checked(step, name, origin, path)
        for name in targets:
            if name not in step.inputs and (origin := self._by_name(index, step, name)) is not None:
                yield self._checked(step, name, origin, ("steps", index))

    def _by_name(self, index: int, step: StepSpec, name: str) -> Origin | None:
        """The nearest earlier output of that name, else the orchestration's input of that name."""
        for earlier in reversed(self._earlier):
            if name in self._members[earlier].output_schema.get("properties", {}):
                return self._from_step(earlier, name)
        if name in self._inputs or index == 0 or self._spec.pattern == "parallel":
            return FromInput(name)
        if name not in self._members[step.step_id].input_schema.get("required", []):
            return None
        if _says_nothing(self._members[self._earlier[-1]].output_schema):
            return self._from_step(self._earlier[-1], name)
        message = f"the input {name!r} of {step.agent} comes from nowhere: no earlier step gives it. "
        advice = f"Add `inputs: {{{name}: inputs.{name}}}` to take it from the caller, or name a step: steps.ID.OUTPUT"
        self._fault(("steps", index), message + advice)
        return None

    def _checked(self, step: StepSpec, name: str, origin: Origin, path: Path) -> Wire:
        member = self._members[step.step_id]
        target = member.input_schema.get("properties", {}).get(name, {})
        is_required = name in member.input_schema.get("required", [])
        match origin:
            case Value(value):
                for _, problem in schemas.problems(value, target):
                    self._fault(path, f"the value for {name!r} {problem}")
            case FromInput(source):
                self._take_input(source, target, is_required, step, path)
            case FromStep(source, output):
                given = self._members[source].output_schema.get("properties", {}).get(output, {})
                if not _compatible(given, target):
                    kinds = f"{_kind(given)}, but {name!r} of {step.agent} must be {_kind(target)}"
                    self._fault(path, f"{output!r} of step {source} is {kinds}; choose another output")
        return Wire(name, origin, is_required)

    def _take_input(self, name: str, schema: JsonSchema, is_required: bool, step: StepSpec, path: Path) -> None:
        known, user = self._inputs.setdefault(name, (schema, step.step_id))
        if not _compatible(known, schema):
            kinds = f"{_kind(known)} for step {user}, but {_kind(schema)} for step {step.step_id}"
            self._fault(path, f"the input {name!r} is {kinds}; take two inputs of different names")
        if is_required and name not in self._required:
            self._required.append(name)

    def _origin(self, written: Any, path: Path) -> Origin | None:
        if not isinstance(written, str) or not written.startswith(("inputs.", "steps.")):
            return Value(written)
        match = _REFERENCE.fullmatch(written)
        if match is None:
            self._fault(path, f"{pretty(written)} is not a reference; write inputs.NAME or steps.ID.NAME")
            return None
        if match[1]:
            return FromInput(match[1])
        if match[2] not in self._earlier:
            self._fault(path, self._not_earlier(match[2]))
            return None
        schema = self._members[match[2]].output_schema
        if match[3] not in schema.get("properties", {}) and not _says_nothing(schema):
            self._fault(
                path, f"step {match[2]} has no output {match[3]!r}; it gives {_names(schema.get('properties', {}))}"
            )
            return None
        return self._from_step(match[2], match[3])

    def _not_earlier(self, step: str) -> str:
        if step not in self._members:
            return f"there is no step {step!r}; the steps are {', '.join(self._members)}"
        if self._spec.pattern == "parallel":
            return "parallel steps run at the same time and cannot wait for one another; use pattern: sequential"
        return f"step {step!r} has not run yet at this point; earlier steps are {', '.join(self._earlier) or 'none'}"

    def _from_step(self, step: str, name: str) -> FromStep:
        return FromStep(step, name, name in self._members[step].output_schema.get("required", []))

    def _connect_outputs(self) -> None:
        given = {step: member.output_schema for step, member in self._members.items()}
        if self._spec.outputs is None:
            is_parallel = self._spec.pattern == "parallel"
            last = given[self._spec.steps[-1].step_id]
            self._wiring.output_schema = schemas.object_schema(dict(given), list(given)) if is_parallel else last
            return
        properties: dict[str, JsonSchema] = {}
        self._wiring.outputs = {}
        for name, written in self._spec.outputs.items():
            origin = self._origin(written, ("outputs", name))
            match origin:
                case FromStep(step, output):
                    properties[name] = given[step].get("properties", {}).get(output, {})
                case FromInput(source) if source not in self._inputs:
                    known = _names(self._inputs)
                    self._fault(("outputs", name), f"no step takes an input {source!r}; the inputs are {known}")
                case FromInput(source):
                    properties[name] = self._inputs[source][0]
                case Value(value):
                    properties[name] = {"const": value}
                case None:
                    continue
            self._wiring.outputs[name] = origin
        self._wiring.output_schema = schemas.object_schema(properties, list(properties))

    def _fault(self, path: Path, message: str, *, at_key: bool = False) -> None:
        self.faults.append(self._document.fault(path, message, at_key=at_key))


def _says_nothing(schema: JsonSchema) -> bool:
    """Whether an output may have any fields."""
    return not schema.get("properties") and schema.get("additionalProperties") is not False


def _compatible(given: JsonSchema, wanted: JsonSchema) -> bool:
    """Whether some value could be both; what is not said is allowed."""
    first, second = _types(given), _types(wanted)
    return not first or not second or bool(first & second) or ("integer" in first and "number" in second)


def _types(schema: JsonSchema | bool) -> set[str]:
    kind = schema.get("type", []) if isinstance(schema, dict) else []
    return {kind} if isinstance(kind, str) else set(kind)


def _kind(schema: JsonSchema) -> str:
    return " or ".join(sorted(_types(schema))) or "anything"


def _names(fields: dict[str, Any]) -> str:
    return ", ".join(fields) or "none"
