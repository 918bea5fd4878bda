"""Makes kaizen fit for a process that serves many agents.

Only this module, ``model_call`` and ``model_http`` import kaizen. What is changed, once and at class level, and why:

- ``AsyncSingleShotStrategy.execute`` builds a runtime, a thread, an event loop and an HTTP client for each call. Here
  it awaits ``LlmClient.complete`` on the gateway's loop with one pooled client, and errors keep their type and cause.
- ``CredentialStore.clear()`` is called after every run and forgets the credentials of all runs in flight, so that
  agents with keys of their own fail at random. Here only a named credential is cleared; the store itself is bounded.
- Private model hosts are refused without exception. Here the operator's list is the exception, and DNS is looked up
  without blocking the loop, when a connection is made, for exactly the addresses that are then used.
- An agent without ``mcp_servers`` gets a tool server with a shell and files. Here it gets only those that it names.
"""

import asyncio
import functools
import inspect
import threading
from typing import Any

import kaizen.core.autonomy.hooks.types  # noqa: F401 - kaizen imports it in the first call, on the loop, for 0.4 s
import kaizen.llm.deployment as llm_deployment
from kailash.workflow.credentials import CredentialStore
from kaizen.core.base_agent import BaseAgent
from kaizen.llm import http_client
from kaizen.strategies.async_single_shot import AsyncSingleShotStrategy

from nexdeck.app.gateway.ground.problems import GatewayProblem
from nexdeck.app.gateway.llm.egress import AllowedHosts
from nexdeck.app.gateway.llm.model_call import ModelCaller
from nexdeck.app.gateway.llm.prices import Prices

_lock = threading.Lock()
_installed = False


def install(allowed: AllowedHosts, prices: Prices, loop: asyncio.AbstractEventLoop) -> None:
    """Patch kaizen; later calls change nothing. From any thread."""
    global _installed
    with _lock:
        if _installed:
            return
        _keep_credentials_of_others()
        _allow_listed_hosts(allowed)
        _give_no_tools_unasked()
        _pool_model_calls(ModelCaller(allowed, prices, loop))
        _installed = True


def _keep_credentials_of_others() -> None:
    clear = CredentialStore.clear

    def clear_one(self: CredentialStore, ref_id: str | None = None) -> None:
        if ref_id:
            clear(self, ref_id)

    CredentialStore.clear = clear_one


def _allow_listed_hosts(allowed: AllowedHosts) -> None:
    """For the addresses in configurations, and for the connections of kaizen's own HTTP client."""
    check_url = llm_deployment.check_url
    connect = http_client._SafeHttpTransport.handle_async_request

    def check_url_unless_listed(url: str) -> None:
        if not allowed.allows_url(url):
            check_url(url, resolve_dns=False)  # names are looked up, and checked, when a connection is made

    async def connect_unless_listed(self: Any, request: Any) -> Any:
        if allowed.allows_url(str(request.url)):
            return await super(http_client._SafeHttpTransport, self).handle_async_request(request)
        return await connect(self, request)

    llm_deployment.check_url = check_url_unless_listed
    http_client._SafeHttpTransport.handle_async_request = connect_unless_listed


def _give_no_tools_unasked() -> None:
    init = BaseAgent.__init__
    signature = inspect.signature(init)

    @functools.wraps(init)
    def init_without_tools(self: BaseAgent, *args: Any, **options: Any) -> None:
        bound = signature.bind(self, *args, **options)
        if bound.arguments.get("mcp_servers") is None:
            bound.arguments["mcp_servers"] = []
        init(*bound.args, **bound.kwargs)

    BaseAgent.__init__ = init_without_tools


def _pool_model_calls(caller: ModelCaller) -> None:
    stock_execute = AsyncSingleShotStrategy.execute
    stock_build = AsyncSingleShotStrategy.build_workflow
    handle_error = BaseAgent._handle_error

    async def execute(self: Any, agent: Any, inputs: dict[str, Any], **options: Any) -> dict[str, Any]:
        has_tools = bool(agent._mcp_servers)  # has_mcp_support() says yes to an empty list too
        ours = type(self).build_workflow is stock_build and not has_tools and caller.knows(agent.config)
        if not ours:  # tools, a workflow of the author's own, or a provider without a wire: kaizen's own way
            return await stock_execute(self, agent, inputs, **options)
        return await caller.call(self, agent, inputs)

    def keep_problems(self: BaseAgent, error: Exception, context: dict[str, Any]) -> dict[str, Any]:
        if isinstance(error, GatewayProblem):
            raise error  # kaizen would return it as a dict, and its type would be lost
        return handle_error(self, error, context)

    AsyncSingleShotStrategy.execute = execute
    BaseAgent._handle_error = keep_problems
