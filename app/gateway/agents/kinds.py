"""The kinds of things that can be an agent, and how each is called.

kaizen and kailash are large. A module that uses them has imported them by the time its agent is looked at, so whether
an object is one of theirs is asked without importing them here.
"""

import inspect
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from nexdeck.app.gateway.agents import streams
from nexdeck.app.gateway.agents.streams import Stream
from nexdeck.app.gateway.agents.threads import ThreadPool

MODULE_PREFIX = "nexdeck_agent_"
Run = Callable[[dict[str, Any]], Awaitable[Any]]


def is_agent(value: Any) -> bool:
    if inspect.isclass(value):
        return _is_base_agent_class(value)
    special = _is_base_agent(value) or is_workflow(value) or is_workflow_builder(value)
    return special or inspect.isroutine(value) or _is_callable_object(value)


def is_workflow_builder(value: Any) -> bool:
    builder = _class_of("kailash.workflow.builder", "WorkflowBuilder")
    return builder is not None and isinstance(value, builder)


def is_workflow(value: Any) -> bool:
    """Whether it is a workflow that has been built."""
    workflow = _class_of("kailash.workflow.graph", "Workflow")
    return workflow is not None and isinstance(value, workflow)


def runner(agent: Any, threads: ThreadPool) -> Run:
    """How to call an agent that ``is_agent``, workflows aside, with its inputs as keyword arguments."""
    if (stream := streamer(agent, threads)) is not None:
        return lambda inputs: streams.collect(stream(inputs))
    if _is_base_agent(agent):
        return _base_agent_runner(agent, threads)
    if _is_async(agent):
        return lambda inputs: agent(**inputs)

    async def run(inputs: dict[str, Any]) -> Any:
        result = await threads.run(partial(agent, **inputs))
        return await result if inspect.isawaitable(result) else result

    return run


def _base_agent_runner(agent: Any, threads: ThreadPool) -> Run:
    base = _class_of("kaizen.core.base_agent", "BaseAgent")
    own_run = type(agent).run is not base.run
    own_run_async = type(agent).run_async is not base.run_async
    if own_run and not own_run_async:
        return lambda inputs: threads.run(partial(agent.run, **inputs))
    if not own_run_async:
        agent.config.use_async_llm = True  # without it run_async refuses, and there is no reason not to be async here
    return lambda inputs: agent.run_async(**inputs)


def streamer(agent: Any, threads: ThreadPool) -> Stream | None:
    """How to get the chunks of an agent that yields them; None for all others."""
    if not _is_base_agent(agent):
        return streams.streamer(agent if inspect.isroutine(agent) else agent.__call__, threads)
    for method in (agent.run_async, agent.run):
        if (found := streams.streamer(method, threads)) is not None:
            return found
    return None


def _is_async(function: Any) -> bool:
    while isinstance(function, partial):
        function = function.func
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__)


def _is_callable_object(value: Any) -> bool:
    """An object of a class of the module itself, or a partial function; not any library's callable."""
    return isinstance(value, partial) or (callable(value) and type(value).__module__.startswith(MODULE_PREFIX))


def _is_base_agent(value: Any) -> bool:
    base = _class_of("kaizen.core.base_agent", "BaseAgent")
    return base is not None and isinstance(value, base)


def _is_base_agent_class(value: type) -> bool:
    base = _class_of("kaizen.core.base_agent", "BaseAgent")
    return base is not None and issubclass(value, base) and value is not base


def _class_of(module: str, name: str) -> type | None:
    return getattr(sys.modules.get(module), name, None)
