"""One call of a model for a kaizen agent: its signature as messages, the answer as typed fields, errors as problems."""

import asyncio
from typing import Any, get_args
from weakref import WeakKeyDictionary

import httpx
from kaizen.core._provider_env import detect_provider_from_env
from kaizen.core.prompt_utils import json_prompt_suffix
from kaizen.llm.client import LlmClient
from kaizen.llm.deployment_resolver import describe_unresolved_precondition, resolve_deployment_for
from kaizen.llm.errors import AuthError, InvalidEndpoint, LlmClientError, ProviderError
from pydantic import ConfigDict, TypeAdapter, ValidationError

from nexdeck.app.gateway.ground.context import CURRENT, MOST_TOKENS
from nexdeck.app.gateway.ground.problems import GatewayProblem
from nexdeck.app.gateway.llm.egress import AllowedHosts
from nexdeck.app.gateway.llm.model_http import PooledHttpClient
from nexdeck.app.gateway.llm.prices import Prices

PROVIDERS = frozenset(
    {
        "openai",
        "anthropic",
        "ollama",
        "google",
        "gemini",
        "cohere",
        "huggingface",
        "perplexity",
        "pplx",
        "docker",
        "azure",
        "azure_openai",
        "azure_ai_foundry",
    }
)
_LENIENT = ConfigDict(coerce_numbers_to_str=True)


class ModelCaller:
    """Calls models on the gateway's loop, also for agents that run in a thread with a loop of their own."""

    def __init__(self, allowed: AllowedHosts, prices: Prices, loop: asyncio.AbstractEventLoop) -> None:
        self._prices = prices
        self._loop = loop
        self._http = PooledHttpClient(allowed)
        self._clients: WeakKeyDictionary[Any, tuple[tuple, LlmClient]] = WeakKeyDictionary()

        # what the first resolution and the first client import, now rather than in somebody's call
        LlmClient.from_deployment(resolve_deployment_for("openai", "warm", api_key="warm"))

    def knows(self, config: Any) -> bool:
        return _provider(config) in PROVIDERS

    async def call(self, strategy: Any, agent: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        """The signature's output fields. Raises GatewayProblem ``model_failed`` or ``not_configured``."""
        if asyncio.get_running_loop() is self._loop:
            text = await self._complete(strategy, agent, inputs)
        else:
            elsewhere = asyncio.run_coroutine_threadsafe(self._complete(strategy, agent, inputs), self._loop)
            text = await asyncio.wrap_future(elsewhere)
        return _fields(strategy, agent.signature, text)

    async def _complete(self, strategy: Any, agent: Any, inputs: dict[str, Any]) -> str:
        config = agent.config
        system = agent._generate_system_prompt()
        if (config.response_format or {}).get("type") != "json_schema":
            system += json_prompt_suffix(agent.signature.output_fields)
        messages = [{"role": "system", "content": system}, *strategy._create_messages_from_inputs(agent, inputs)]
        try:
            answer = await self._client(agent).complete(
                messages,
                model=config.model,
                temperature=config.temperature,
                max_tokens=config.max_tokens,
                response_format=config.response_format,
                http_client=self._http,
            )
        except (LlmClientError, httpx.HTTPError, OSError) as error:
            raise _problem(error, config) from error
        if (call := CURRENT.get()) is not None:
            usage = _plausible(answer.get("usage") or {})
            call.tokens.add(usage, self._prices.cost(config.model, usage))
        return answer.get("text") or ""

    def _client(self, agent: Any) -> LlmClient:
        """The client of an agent, made anew only when its configuration changed."""
        config = agent.config
        options = config.provider_config or {}
        settings = (_provider(config), config.model, config.api_key, config.base_url, repr(options))
        known = self._clients.get(agent)
        if known is not None and known[0] == settings:
            return known[1]
        try:
            deployment = resolve_deployment_for(
                settings[0],
                config.model,
                api_key=config.api_key or None,
                base_url=config.base_url,
                deployment=options.get("deployment"),
                api_version=options.get("api_version"),
            )
        except (ValueError, TypeError) as error:
            raise GatewayProblem(503, "not_configured", f"The model is not configured: {error}") from error
        if deployment is None:
            missing = describe_unresolved_precondition(settings[0])
            raise GatewayProblem(503, "not_configured", f"The model is not configured: {missing}.")
        client = LlmClient.from_deployment(deployment, ungoverned=config.ungoverned)
        self._clients[agent] = settings, client
        return client


def _plausible(usage: dict[str, Any]) -> dict[str, int]:
    """A provider's server may tell whatever it likes."""
    return {name: count for name, count in usage.items() if isinstance(count, int) and 0 <= count <= MOST_TOKENS}


def _provider(config: Any) -> str:
    return (config.llm_provider or detect_provider_from_env() or "").strip().lower()


def _problem(error: Exception, config: Any) -> GatewayProblem:
    """The provider's own words, which kaizen has already freed of credentials."""
    who = f"{_provider(config)} ({config.model})"
    if isinstance(error, AuthError):
        return GatewayProblem(503, "not_configured", f"{who}: {error}")
    if isinstance(error, InvalidEndpoint):
        detail = (
            f"{who}: the model's address {config.base_url or ''} was refused ({error}). A private host must be listed "
            "in the gateway's --llm-allowed-hosts."
        )
        return GatewayProblem(503, "not_configured", detail)
    if isinstance(error, ProviderError):
        return GatewayProblem(502, "model_failed", f"{who} answered {error.status}: {error.body_snippet}")
    return GatewayProblem(502, "model_failed", f"{who}: {error or type(error).__name__}")


def _fields(strategy: Any, signature: Any, text: str) -> dict[str, Any]:
    """The output fields in a model's answer, each with its declared type."""
    declared = signature.output_fields
    parsed = strategy.parse_result({"response": {"content": text}})
    if len(declared) == 1 and parsed.get("error") == "JSON_PARSE_FAILED":
        parsed = dict.fromkeys(declared, text)  # a model asked for one text often answers just that text
    fields = {}
    for name, field in declared.items():
        kind = field.get("type", Any)
        if name not in parsed and type(None) not in get_args(kind):  # one that may be None need not be answered
            raise GatewayProblem(502, "model_failed", f"The model's answer has no field {name!r}: {text[:300]!r}")
        try:
            fields[name] = TypeAdapter(kind, config=_LENIENT).validate_python(parsed.get(name))
        except ValidationError as error:
            reason = error.errors(include_url=False, include_input=False)[0]["msg"]
            detail = f"The model answered {str(parsed[name])[:100]!r} for {name!r}: {reason}"
            raise GatewayProblem(502, "model_failed", detail) from error
    return fields
