"""Nexus: one application for all deployments.

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
from kailash.workflow.builder import WorkflowBuilder
from nexus import Nexus

from nexdeck.app.gateway.agents.workflows import new_async_runtime
from nexdeck.app.gateway.ground.problems import GatewayProblem
from nexdeck.models.manifest import Manifest

NODE = "agent"

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
        self._runtime = new_async_runtime()
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

    def _share_runtime(self, name: str) -> None:
        """Nexus gives each workflow a runtime of its own that runs ten calls at a time: put the shared one there."""
        api = self._nexus._http_transport.gateway._workflow_apis[name]
        api.runtime.close()
        api.runtime, api._owns_runtime = self._runtime, False
        self._runtime.acquire()
