"""Kailash workflows as agents: which node gets which inputs, how a workflow runs, and what its answer is.

A workflow runs on kailash's LocalRuntime, as its authors try it. AsyncLocalRuntime hands the whole output of a node on
where a connection names ``result``: a SwitchNode then takes the other branch and a cycle answers nothing, in silence.
It is used only where the module itself names it.
"""

import ast
import builtins
import logging
from functools import partial
from typing import Any

from kailash.runtime.async_local import AsyncLocalRuntime
from kailash.runtime.local import LocalRuntime

from nexdeck.app.gateway.agents.kinds import Run
from nexdeck.app.gateway.agents.threads import MOST_THREADS, ThreadPool

MOST_NODES = 10_000  # at a time, of all workflows: the deployments' own limits are what holds callers back
# Each LocalRuntime sets its logger to INFO anew, and tells of every node: a filter stays.
logging.getLogger("kailash.runtime.base").addFilter(lambda record: record.levelno >= logging.ERROR)


def new_async_runtime() -> AsyncLocalRuntime:
    return AsyncLocalRuntime(max_concurrent_nodes=MOST_NODES, thread_pool_size=MOST_THREADS, enable_profiling=False)


def runner(workflow: Any, module: str, threads: ThreadPool) -> Run:
    """How to call a built workflow of ``module``, the source text. The result is the output of its last node, or of
    each when there are several; the failure of a node is raised."""
    wanted = _inputs_of_nodes(workflow)
    if AsyncLocalRuntime.__name__ in module:
        runtime = new_async_runtime()  # of its own: nodes that hang take threads from no other workflow

        async def run(inputs: dict[str, Any]) -> Any:
            results, _ = await runtime.execute_workflow_async(workflow, inputs=_by_node(wanted, inputs))
            return _answer_of(workflow, results)

        return run

    async def run_in_thread(inputs: dict[str, Any]) -> Any:
        return await threads.run(partial(_run, workflow, _by_node(wanted, inputs)))

    return run_in_thread


def _run(workflow: Any, parameters: dict[str, dict[str, Any]]) -> Any:
    with LocalRuntime() as runtime:  # one that two threads share fails: it keeps an event loop
        results, _ = runtime.execute(workflow, parameters=parameters)
    return _answer_of(workflow, results)


def _inputs_of_nodes(workflow: Any) -> dict[str, dict[str, str] | None]:
    """Node → its parameter → the input that fills it; None for a node that takes whatever it is given.

    As ``WorkflowBuilder.add_workflow_inputs`` mapped them. Without that an input fills the parameter of its name, in
    each node that has one which neither a connection nor the node's configuration fills.
    """
    if mapped := workflow.metadata.get("_workflow_inputs"):
        return {node: {filled: name for name, filled in mapped.get(node, {}).items()} for node in workflow.nodes}
    filled: dict[str, set[str]] = {node: set() for node in workflow.nodes}
    for connection in workflow.connections:
        if not getattr(connection, "cycle", False):  # what a cycle brings back was an input once
            filled[connection.target_node].add(connection.target_input)
    return {node: _free_parameters(workflow, node, filled[node]) for node in workflow.nodes}


def _free_parameters(workflow: Any, node: str, filled: set[str]) -> dict[str, str] | None:
    instance, config = workflow._node_instances[node], workflow.nodes[node].config
    code = config.get("code")
    names = _unbound_names(code) if code else set(instance.get_parameters())
    if not names and not code:
        return None
    configured = set() if code else {name for name, value in config.items() if value is not None}
    return {name: name for name in names - filled - configured}


def _unbound_names(code: str) -> set[str]:
    """Names that a code node reads: what it assigns itself may be an input before that, so it counts, too."""
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return set()  # the node says so when it runs
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    return names - set(dir(builtins))


def _by_node(wanted: dict[str, dict[str, str] | None], inputs: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Never flat: kailash gives flat parameters to every node, a SwitchNode's decision among them."""
    return {
        node: inputs if names is None else {name: inputs[of] for name, of in names.items() if of in inputs}
        for node, names in wanted.items()
    }


def _answer_of(workflow: Any, results: dict[str, Any]) -> Any:
    for output in results.values():
        if isinstance(output, dict) and output.get("failed") is True and "error" in output:
            # LocalRuntime returns the failure of a node on which no other depends
            raise output.get("_exception") or RuntimeError(output["error"])
    sources = {connection.source_node for connection in workflow.connections if not getattr(connection, "cycle", False)}
    outputs = {
        node: _without_configuration(workflow, node, output)
        for node, output in results.items()
        if node not in sources and output is not None  # None: a branch that was not taken
    }
    if len(outputs) != 1:
        return outputs
    output = next(iter(outputs.values()))
    if isinstance(output, dict) and output.keys() == {"result"} and isinstance(output["result"], dict):
        return output["result"]
    return output


def _without_configuration(workflow: Any, node: str, output: Any) -> Any:
    """A code node that sets no ``result`` answers all that it knows, its configuration and code among it."""
    config = workflow.nodes[node].config
    if not isinstance(output, dict) or "result" in output or "code" not in output:
        return output
    return {name: value for name, value in output.items() if name not in config}
