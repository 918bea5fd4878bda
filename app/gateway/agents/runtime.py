"""The only importer of nexus and kailash: one Nexus application, and one workflow runtime for all deployments.

Every deployment is registered with Nexus as a workflow of one node, so that all of Nexus's own routes know it. The node
takes its inputs from the gateway and not from the workflow runtime, which would expand ``${x}`` in them and let a field
that is named like the node replace the others. A call that did not come through the gateway's door does not reach an
agent at all, whatever route it took.
"""

import contextlib
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

import fastapi.dependencies.models
from kailash.nodes.base_async import AsyncNode
from kailash.runtime.async_local import AsyncLocalRuntime
from kailash.workflow.builder import WorkflowBuilder
from nexus import Nexus

from nexdeck.app.gateway.agents.kinds import Run
from nexdeck.app.gateway.agents.threads import MOST_THREADS
from nexdeck.app.gateway.ground.problems import GatewayProblem
from nexdeck.models.wire import Manifest

NODE = "agent"
MOST_NODES = 10_000  # at a time, of all workflows: the deployments' own limits are what holds callers back

Admitted = Callable[[], Awaitable[Any]]
ADMITTED: ContextVar[Admitted | None] = ContextVar("nexdeck_admitted", default=None)


class AgentNode(AsyncNode):
    """A deployment as Nexus sees it. Runs the call that the gateway admitted in this context."""

    def get_parameters(self) -> dict:
        return {}

    async def execute_async(self, /, **_inputs: Any) -> dict[str, Any]:
        admitted = ADMITTED.get()
        if admitted is None:
            raise GatewayProblem(401, "unauthorized", "Agents are reached only through their own route.")
        return {"result": await admitted()}


class NexusRuntime:
    def __init__(self, port: int) -> None:
        # Durability would answer a repeated request from a cache; the MCP port belongs to Nexus's own WebSocket server,
        # which is never started.
        self._nexus = Nexus(
            api_port=port,
            mcp_port=port,
            enable_auth=False,
            rate_limit=None,
            enable_durability=False,
            server_type="basic",
        )
        self._runtime = _runtime()
        self._registered: set[str] = set()

    @property
    def app(self):
        """Nexus's FastAPI application."""
        return self._nexus.fastapi_app

    def register(self, name: str, manifest: Manifest) -> None:
        """Make Nexus know a deployment; a name that it knows already stays registered as it is."""
        if name in self._registered:
            return
        builder = WorkflowBuilder()
        builder.add_node_instance(AgentNode(name=name), NODE, _internal=True)
        metadata = {"agent": manifest.agent, "version": manifest.version, "description": manifest.description}
        self._nexus.register(name, builder.build(workflow_id=name, name=name), metadata=metadata)
        self._share_runtime(name)
        self._registered.add(name)

    def deregister(self, name: str) -> None:
        if name not in self._registered:
            return
        self._registered.discard(name)
        self._nexus.deregister(name)
        # FastAPI keeps the endpoints of removed applications in its caches, about 60 KB for each.
        for cached in vars(fastapi.dependencies.models).values():
            with contextlib.suppress(AttributeError):
                cached.cache_clear()

    def workflow_runner(self, workflow: Any) -> Run:
        """How to run a built workflow, on a runtime of its own: nodes that hang take threads from no other workflow.

        The result is the output of its last node, or of each when there are several.
        """
        runtime = _runtime()

        async def run(inputs: dict[str, Any]) -> Any:
            results, _ = await runtime.execute_workflow_async(workflow, inputs=_mapped(workflow, inputs))
            return _output_of(workflow, results)

        return run

    def _share_runtime(self, name: str) -> None:
        """Nexus gives each workflow a runtime of its own that runs ten calls at a time: put the shared one there."""
        api = self._nexus._http_transport.gateway._workflow_apis[name]
        api.runtime.close()
        api.runtime, api._owns_runtime = self._runtime, False
        self._runtime.acquire()


def _runtime() -> AsyncLocalRuntime:
    return AsyncLocalRuntime(max_concurrent_nodes=MOST_NODES, thread_pool_size=MOST_THREADS, enable_profiling=False)


def _output_of(workflow: Any, results: dict[str, Any]) -> Any:
    sources = {connection.source_node for connection in workflow.connections}
    outputs = {node: output for node, output in results.items() if node not in sources}
    if len(outputs) != 1:
        return outputs
    output = next(iter(outputs.values()))
    if isinstance(output, dict) and output.keys() == {"result"} and isinstance(output["result"], dict):
        return output["result"]
    return output


def _mapped(workflow: Any, inputs: dict[str, Any]) -> dict[str, Any]:
    """Inputs by node, as ``WorkflowBuilder.add_workflow_inputs`` mapped them; unmapped, every node sees all."""
    mappings = workflow.metadata.get("_workflow_inputs")
    if not mappings:
        return inputs
    return {
        node: {parameter: inputs[name] for name, parameter in mapping.items() if name in inputs}
        for node, mapping in mappings.items()
    }
