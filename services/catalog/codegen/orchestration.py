"""An orchestration as one module that runs by itself: plain asyncio, with the members' modules inside.

Kaizen's ``OrchestrationRuntime`` hands one text from agent to agent. Here every step has typed inputs and outputs, and
plain functions take part, so it would distort them; the few lines of asyncio below carry them as they are.
"""

from dataclasses import dataclass
from typing import Any

from nexdeck.models.orchestration import OrchestrationSpec
from nexdeck.services.catalog.codegen import fragments
from nexdeck.services.catalog.codegen.literals import (
    WIDTH,
    Code,
    assignment,
    bracketed,
    docstring,
    exploded,
    one_line,
    quoted,
    raw_block,
)
from nexdeck.services.catalog.codegen.wiring import FromInput, FromStep, Value, Wire, Wiring

_EXIT = "\n    raise SystemExit"


@dataclass(frozen=True)
class Member:
    """``label`` is name@version; ``target`` what to call in its module: ``summarise`` or ``agent().run_async``."""

    label: str
    module: str
    target: str


def orchestration_module(
    spec: OrchestrationSpec, wiring: Wiring, labels: list[str], members: list[Member], sample: dict[str, Any]
) -> str:
    """The module's text. ``labels[i]`` is the member that step i calls."""
    outputs = [Wire(name, origin, True) for name, origin in (wiring.outputs or {}).items()]
    wires = [*outputs, *(wire for step in wiring.steps.values() for wire in step)]
    opening = [
        docstring("\n\n".join(filter(None, [f"{spec.name} {spec.version}", spec.description])) + "\n"),
        fragments.ORCHESTRATION_IMPORTS.strip(),
        _constants(spec, wiring, sample),
    ]
    definitions = [
        _agent(spec, wiring, labels),
        fragments.TOGETHER if spec.pattern == "parallel" else "",
        fragments.STEP,
        fragments.GIVEN if any(_is_given(wire) for wire in wires) else "",
        fragments.NEEDED if any(_is_needed(wire) for wire in wires) else "",
        fragments.LOAD,
        _sources(members),
        fragments.SCHEMA_FAULTS,
        fragments.MAIN.replace("ANSWER", "agent(**inputs)").replace(_EXIT, fragments.SHOW_STEPS.rstrip() + _EXIT),
    ]
    return "\n\n\n".join(["\n\n".join(opening), *(text.strip() for text in definitions if text)]) + "\n"


def _constants(spec: OrchestrationSpec, wiring: Wiring, sample: dict[str, Any]) -> str:
    constants = {
        "__version__": spec.version,
        "INPUTS": wiring.input_schema,
        "OUTPUTS": wiring.output_schema,
        "SAMPLE": sample,
        "log": Code('logging.getLogger("orchestration")'),
    }
    return "\n".join(assignment(name, value) for name, value in constants.items())


def _agent(spec: OrchestrationSpec, wiring: Wiring, labels: list[str]) -> str:
    is_parallel = spec.pattern == "parallel"
    named = zip((step.step_id for step in spec.steps), labels, strict=True)
    lines = ["async def agent(**inputs):"]
    if is_parallel:
        entries = [_call(f"{quoted(step)}: step(", step, label, wiring.steps[step], 12) for step, label in named]
        lines += [
            f"    results = await together({exploded('{', entries, '}', 8)}".replace("({", "(\n        {", 1),
            "    )",
        ]
    else:
        lines += ["    results = {}"]
        for step, label in named:
            lines.append("    " + _call(f"results[{quoted(step)}] = await step(", step, label, wiring.steps[step], 4))
    if wiring.outputs is not None:
        returned = bracketed("{", [_entry(Wire(*pair, True)) for pair in wiring.outputs.items()], "}", 4, 11)
    else:
        returned = "results" if is_parallel else f"results[{quoted(spec.steps[-1].step_id)}]"
    return "\n".join([*lines, f"    return {returned}"])


def _call(start: str, step: str, label: str, wires: list[Wire], indent: int) -> str:
    entries = [_entry(wire) for wire in wires]
    arguments = [quoted(step), quoted(label)]
    flat = f"{start}{', '.join([*arguments, bracketed('{', entries, '}', 0, 0)])})"
    if "\n" not in flat and indent + len(flat) < WIDTH:
        return flat
    return exploded(start, [*arguments, bracketed("{", entries, "}", indent + 4, indent + 5)], ")", indent)


def _entry(wire: Wire) -> str:
    """One item of the dict of a step's inputs."""
    target = quoted(wire.target)
    match wire.origin:
        case Value(value):
            return f"{target}: {one_line(value)}"
        case FromInput(name):
            owner = "inputs"
        case FromStep(step, name):
            owner = f"results[{quoted(step)}]"
            if _is_needed(wire):
                return f"{target}: needed(results, {quoted(step)}, {quoted(name)})"
    if _is_given(wire):
        return f"**given({target}, {owner}, {quoted(name)})"
    return f"{target}: {owner}[{quoted(name)}]"


def _is_given(wire: Wire) -> bool:
    """Optional, and perhaps not there."""
    is_certain = isinstance(wire.origin, Value) or (isinstance(wire.origin, FromStep) and wire.origin.is_certain)
    return not (wire.is_required or is_certain)


def _is_needed(wire: Wire) -> bool:
    """Required, and perhaps not there: a step promises no such output."""
    return wire.is_required and isinstance(wire.origin, FromStep) and not wire.origin.is_certain


def _sources(members: list[Member]) -> str:
    """The members' modules as they are, then the table of what to call."""
    names = {member.label: f"SOURCE_{number}" for number, member in enumerate(members, 1)}
    blocks = [f"# {member.label}, unchanged\n{names[member.label]} = {raw_block(member.module)}" for member in members]
    table = {
        member.label: Code(f"load({quoted(member.label)}, {names[member.label]}).{member.target}") for member in members
    }
    return "\n\n".join([*blocks, assignment("MEMBERS", table)])
