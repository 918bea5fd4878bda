"""From the text of a module to its agent: executes the module, finds what is to be called, and how."""

import inspect
import linecache
import sys
import traceback
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from nexdeck.app.gateway.agents import kinds
from nexdeck.app.gateway.agents.streams import Stream
from nexdeck.app.gateway.agents.threads import ThreadPool
from nexdeck.app.gateway.agents.validation import SchemaInvalid, Validator
from nexdeck.app.gateway.ground.problems import GatewayProblem
from nexdeck.models.manifest import RevisionBundle

AGENT = "agent"


@dataclass(slots=True, frozen=True)
class LoadedAgent:
    module: ModuleType
    inputs: Validator
    outputs: Validator
    run: kinds.Run
    stream: Stream | None  # of an agent that answers chunk by chunk


def load(bundle: RevisionBundle, deployment_id: str) -> LoadedAgent:
    """The agent of a module, which stays in ``sys.modules`` until ``unload``. Runs the author's code: not on the loop.

    Raises GatewayProblem ``artifact_rejected`` that names the line of the author's module, or what is wrong with a
    schema.
    """
    try:
        inputs = Validator(bundle.manifest.input_schema, "inputs")
        outputs = Validator(bundle.manifest.output_schema, "outputs")
    except SchemaInvalid as error:
        raise rejected(str(error)) from error
    module = ModuleType(_module_name(bundle, deployment_id))
    module.__file__ = filename = f"<{bundle.name} revision {bundle.revision}>"
    # dataclasses, type hints and pickling look a class's module up; tracebacks look its lines up
    sys.modules[module.__name__] = module
    lines = bundle.module.splitlines(keepends=True)
    linecache.cache[filename] = (len(bundle.module), None, lines, filename)
    try:
        exec(compile(bundle.module, filename, "exec", dont_inherit=True), module.__dict__)
        run, stream = _callable(_ready(_find(module)), bundle.module)
    except GatewayProblem:
        unload(module)
        raise
    except BaseException as error:  # the author's code may raise anything, SystemExit included
        unload(module)
        raise rejected(_describe(error, filename)) from error
    return LoadedAgent(module, inputs, outputs, run, stream)


def unload(module: ModuleType) -> None:
    """Forget a module and those that it made of its members; one that was loaded again meanwhile stays."""
    if sys.modules.get(module.__name__) is module:
        linecache.cache.pop(module.__file__ or "", None)
        for name in [name for name in list(sys.modules) if f"{name}.".startswith(f"{module.__name__}.")]:
            del sys.modules[name]


def rejected(detail: str) -> GatewayProblem:
    return GatewayProblem(422, "artifact_rejected", detail)


def _module_name(bundle: RevisionBundle, deployment_id: str) -> str:
    return f"{kinds.MODULE_PREFIX}{deployment_id}_{bundle.revision}".replace("-", "_")


def _find(module: ModuleType) -> Any:
    if AGENT in module.__dict__:
        found = module.__dict__[AGENT]
        if kinds.is_agent(found):
            return found
        raise rejected(
            f"`agent` is a {type(found).__name__}; it must be a function, a BaseAgent subclass or instance, "
            "or a WorkflowBuilder."
        )
    public = {
        name: value
        for name, value in module.__dict__.items()
        if not name.startswith("_") and kinds.is_agent(value) and _is_own(value, module)
    }
    special = {name: value for name, value in public.items() if not inspect.isfunction(value)}
    candidates = special if len(special) == 1 else public
    if len(candidates) == 1:
        return next(iter(candidates.values()))
    found = f"several candidates ({', '.join(sorted(public))})" if public else "no agent"
    raise rejected(f"The module has {found}. Name the one to deploy `agent`.")


def _is_own(value: Any, module: ModuleType) -> bool:
    """Whether the module itself defines it: what it only imports is not its agent."""
    if inspect.isroutine(value) or inspect.isclass(value):
        return value.__module__ == module.__name__
    return True


def _ready(found: Any) -> Any:
    """An instance of a BaseAgent subclass, the workflow of a builder; everything else as it is."""
    if kinds.is_workflow_builder(found):
        return found.build()
    return found() if inspect.isclass(found) else found


def _callable(agent: Any, source: str) -> tuple[kinds.Run, Stream | None]:
    """How to call an agent for its answer, and for its chunks if it yields them."""
    threads = ThreadPool()
    if kinds.is_workflow(agent):
        from nexdeck.app.gateway.agents import workflows  # large; the agent has imported kailash itself

        return workflows.runner(agent, source, threads), None
    return kinds.runner(agent, threads), kinds.streamer(agent, threads)


def _describe(error: BaseException, filename: str) -> str:
    if isinstance(error, SyntaxError) and error.filename == filename:
        return f"Line {error.lineno}: {type(error).__name__}: {error.msg}"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == filename]
    where = f"Line {lines[-1]}: " if lines else ""
    return f"{where}{type(error).__name__}: {error}"
