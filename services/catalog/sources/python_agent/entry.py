"""Which object of a module is the agent: the one named ``agent``, else the only public candidate."""

import ast
from dataclasses import dataclass
from typing import Literal

from nexdeck.services.catalog.sources.python_agent.module import PythonModule, fault, last_name, refuse, text_of
from nexdeck.services.errors import Fault, SourceInvalid

AGENT = "agent"


@dataclass(frozen=True)
class Entry:
    """``name`` is what a gateway looks up, ``definition`` the function or class that tells its inputs and outputs."""

    name: str
    kind: Literal["function", "agent", "signature", "workflow", "opaque"]
    definition: str
    node: ast.AST


def find_entry(module: PythonModule) -> Entry:
    """Raises SourceInvalid that lists the candidates with their lines when it is not clear which one is meant."""
    if AGENT in module.imported and not _defines(module, AGENT):
        node = next(node for node in module.tree.body if isinstance(node, ast.Import | ast.ImportFrom))
        refuse(node, "`agent` is imported; define the agent in this module, so that the file is complete")
    if _defines(module, AGENT):
        return _named(module)
    names = [*module.functions, *module.classes, *module.values]
    found = [entry for name in names if not name.startswith("_") and (entry := _candidate(module, name))]
    special = [entry for entry in found if entry.kind != "function"]
    candidates = special if len(special) == 1 else found
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        message = "define a function, a BaseAgent subclass or a WorkflowBuilder, and name it `agent`"
        raise SourceInvalid("There is no agent in the module.", errors=[Fault("", message, 1, 1)])
    faults = [fault(entry.node, f"{entry.name} could be the agent", entry.name) for entry in candidates]
    faults.sort(key=lambda one: one.line or 0)
    raise SourceInvalid(
        "Several things in the module could be the agent. Name one of them `agent` (for example `agent = "
        f"{candidates[-1].name}`), or begin the names of the others with an underscore.",
        errors=faults,
    )


def _defines(module: PythonModule, name: str) -> bool:
    return name in module.functions or name in module.classes or name in module.values


def _named(module: PythonModule) -> Entry:
    entry = _candidate(module, AGENT)
    if entry is not None:
        return entry
    node = module.classes.get(AGENT) or module.values[AGENT]
    if "INPUTS" in module.values and not isinstance(node, ast.Constant | ast.ClassDef):
        return Entry(AGENT, "opaque", AGENT, node)
    refuse(
        node,
        "`agent` must be a function, a BaseAgent subclass or instance, or a WorkflowBuilder, made in this module; "
        "for anything else that can be called, describe its inputs with INPUTS = {…} (a JSON Schema)",
        path=AGENT,
    )


def _candidate(module: PythonModule, name: str) -> Entry | None:
    """Follows ``agent = other`` to what ``other`` is."""
    seen: set[str] = set()
    target = name
    while target in module.values and target not in seen:
        seen.add(target)
        value = module.values[target]
        if not isinstance(value, ast.Name):
            return _made(module, name, value)
        target = value.id
    if target in module.functions:
        return Entry(name, "function", target, module.functions[target])
    if module.derives_from(target, "BaseAgent"):
        return Entry(name, "agent", target, module.classes[target])
    return None


def _made(module: PythonModule, name: str, value: ast.expr) -> Entry | None:
    """What a call makes: a workflow (perhaps with methods chained on), an agent, or what a function says it returns."""
    call = value
    while isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Call):
        call = call.func.value
    if not isinstance(call, ast.Call):
        return None
    maker = last_name(call)
    if maker in module.functions and (returns := module.functions[maker].returns) is not None:
        maker = text_of(returns) or last_name(returns)
    if maker == "WorkflowBuilder":
        return Entry(name, "workflow", name, value)
    if module.derives_from(maker, "BaseAgent"):
        return Entry(name, "agent", maker, value)
    if maker == "BaseAgent":
        known = [each for each in module.classes if module.derives_from(each, "Signature")]
        used = [node.id for node in ast.walk(value) if isinstance(node, ast.Name) and node.id in known]
        signature = (used or known)[:1]
        return Entry(name, "signature" if signature else "opaque", (signature or [name])[0], value)
    return None
