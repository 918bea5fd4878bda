"""``deploy`` and ``redeploy``: put an agent's version on a gateway, with options."""

from typing import Annotated, Any

import typer

from nexdeck.app.cli.exits import CliError, ExitCode
from nexdeck.app.cli.http import Server
from nexdeck.app.cli.options import AsJson, Url
from nexdeck.app.cli.progress import settle
from nexdeck.app.cli.values import read_json

Version = Annotated[str | None, typer.Option(help="Which version; default: the newest.")]
Channels = Annotated[str | None, typer.Option(metavar="LIST", help="Of api,cli,mcp; default: all three.")]
RequireKey = Annotated[bool | None, typer.Option("--require-key/--no-require-key", help="Refuse calls without a key.")]
Variables = Annotated[list[str] | None, typer.Option("--env", metavar="K=V", help="A variable; may be repeated.")]
Secrets = Annotated[list[str] | None, typer.Option("--secret", metavar="NAME", help="A stored secret; repeatable.")]
RateLimit = Annotated[int | None, typer.Option(metavar="N", help="Calls a minute at most.")]
Concurrency = Annotated[int | None, typer.Option(metavar="N", help="Calls at the same time at most.")]
Timeout = Annotated[float | None, typer.Option(metavar="SECONDS", help="How long one call may take; default: 60.")]
Sample = Annotated[str | None, typer.Option(metavar="JSON|@FILE", help="The input of the proof; default: the agent's.")]
Canary = Annotated[
    int | None, typer.Option(metavar="PERCENT", help="A redeploy first gets that share of the calls; 0: all at once.")
]
CanaryMinutes = Annotated[float | None, typer.Option(metavar="N", help="How long a canary is tried; default: 10.")]
CanaryCalls = Annotated[int | None, typer.Option(metavar="N", help="Enough calls to judge a canary by.")]
Keep = Annotated[str | None, typer.Option(metavar="LIST", help="Of inputs,outputs: kept of each call; or none.")]
Redact = Annotated[list[str] | None, typer.Option(metavar="FIELD", help="Left out of what is kept; repeatable.")]
KeepDays = Annotated[int | None, typer.Option(metavar="N", min=1, max=365, help="Days for which that is kept.")]
LatencyLimit = Annotated[
    float | None, typer.Option(metavar="MS", help="Degraded when one call in twenty takes longer; 0: no limit.")
]
SampleCalls = Annotated[
    bool | None,
    typer.Option("--sample-calls/--no-sample-calls", help="Call it with its sample when nobody else does."),
]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Do not wait until it is proven live.")]


def deploy(
    agent: Annotated[str, typer.Argument(help="The agent's name or id.")],
    version: Version = None,
    gateway: Annotated[str | None, typer.Option(help="Name or id of the gateway; default: local.")] = None,
    name: Annotated[str | None, typer.Option(help="Name of the deployment; default: the agent's.")] = None,
    dedicated: Annotated[
        bool, typer.Option("--dedicated", help="On a new gateway of its name, which comes and goes with it.")
    ] = False,
    channels: Channels = None,
    require_key: RequireKey = None,
    env: Variables = None,
    secret: Secrets = None,
    rate_limit: RateLimit = None,
    concurrency: Concurrency = None,
    timeout: Timeout = None,
    sample: Sample = None,
    canary: Canary = None,
    canary_minutes: CanaryMinutes = None,
    canary_calls: CanaryCalls = None,
    keep: Keep = None,
    redact: Redact = None,
    keep_days: KeepDays = None,
    latency_limit: LatencyLimit = None,
    sample_calls: SampleCalls = None,
    no_wait: NoWait = False,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Deploy an agent and wait until every chosen channel answered a real call."""
    chosen = _options(channels, require_key, env, secret, sample) | _health(latency_limit, sample_calls)
    limits = _limits(rate_limit, concurrency, timeout)
    chosen |= _canary(canary, canary_minutes, canary_calls, None)
    record = _recording(keep, redact, keep_days)
    server = Server(url)
    body = {"agent": agent, "version": version, "gateway": gateway, "name": name, "dedicated": dedicated}
    change = server.post("deployments", body=body | {"options": chosen | {"limits": limits, "record": record}})
    finish(server, change, no_wait, as_json)


def redeploy(
    name: Annotated[str, typer.Argument(help="The deployment's name or id.")],
    version: Version = None,
    channels: Channels = None,
    require_key: RequireKey = None,
    env: Variables = None,
    secret: Secrets = None,
    rate_limit: RateLimit = None,
    concurrency: Concurrency = None,
    timeout: Timeout = None,
    sample: Sample = None,
    canary: Canary = None,
    canary_minutes: CanaryMinutes = None,
    canary_calls: CanaryCalls = None,
    keep: Keep = None,
    redact: Redact = None,
    keep_days: KeepDays = None,
    latency_limit: LatencyLimit = None,
    sample_calls: SampleCalls = None,
    reason: Annotated[str, typer.Option(help="Why, for the history.")] = "",
    allow_breaking: Annotated[
        bool, typer.Option("--allow-breaking", help="Go ahead although callers of today would break.")
    ] = False,
    no_wait: NoWait = False,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Put another version or other options live; the old one serves until the new one is proven.

    Options that are not named stay as they are; --env and --secret add to those there are.
    """
    chosen = _options(channels, require_key, env, secret, sample) | _health(latency_limit, sample_calls)
    limits = _limits(rate_limit, concurrency, timeout)
    record = _recording(keep, redact, keep_days)
    server = Server(url)
    options = None
    if chosen or limits or record or (canary, canary_minutes, canary_calls) != (None, None, None):
        current = server.get("deployments", name)["options"]
        chosen |= _canary(canary, canary_minutes, canary_calls, current["canary"])
        options = _merged(current, chosen, limits, record)
    body = {"version": version, "options": options, "reason": reason, "allow_breaking": allow_breaking}
    finish(server, server.post("deployments", name, "redeploy", body=body), no_wait, as_json)


def _options(
    channels: str | None,
    require_key: bool | None,
    env: list[str] | None,
    secret: list[str] | None,
    sample: str | None,
) -> dict[str, Any]:
    """Only what was said, as the REST API takes it."""
    chosen: dict[str, Any] = {}
    if channels is not None:
        chosen["channels"] = [channel.strip().lower() for channel in channels.split(",") if channel.strip()]
    if require_key is not None:
        chosen["require_key"] = require_key
    if env:
        chosen["environment"] = dict(_variable(word) for word in env)
    if secret:
        chosen["secrets"] = secret
    if sample is not None:
        chosen["sample_input"] = read_json(sample, "--sample")
    return chosen


def _health(latency_limit: float | None, sample_calls: bool | None) -> dict[str, Any]:
    said: dict[str, Any] = {} if latency_limit is None else {"latency_limit_ms": latency_limit or None}
    return said if sample_calls is None else said | {"synthetic_check": sample_calls}


def _limits(rate_limit: int | None, concurrency: int | None, timeout: float | None) -> dict[str, Any]:
    said = {"rate_limit_per_minute": rate_limit, "max_concurrency": concurrency, "timeout_seconds": timeout}
    return {name: value for name, value in said.items() if value is not None}


def _canary(
    percent: int | None, minutes: float | None, calls: int | None, current: dict[str, Any] | None
) -> dict[str, Any]:
    """What was said of the canary, on top of what there is; 0 % is none."""
    said = {"percent": percent, "minutes": minutes, "calls": calls}
    said = {name: value for name, value in said.items() if value is not None}
    if not said:
        return {}
    return {"canary": None if percent == 0 else (current or {}) | said}


def _recording(keep: str | None, redact: list[str] | None, days: int | None) -> dict[str, Any]:
    said: dict[str, Any] = {name: value for name, value in (("redact", redact), ("days", days)) if value}
    if keep is None:
        return said
    kept = {word.strip().lower() for word in keep.split(",")} - {"", "none"}
    if unknown := kept - {"inputs", "outputs"}:
        detail = f"--keep {', '.join(sorted(unknown))}: say inputs, outputs, both with a comma between, or none."
        raise CliError.because(ExitCode.USAGE, detail, code="invalid_input")
    return said | {"inputs": "inputs" in kept, "outputs": "outputs" in kept}


def _variable(word: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not equals:
        raise CliError.because(ExitCode.USAGE, f"--env {name}: write it as NAME=VALUE.", code="invalid_input")
    return name, value


def _merged(
    current: dict[str, Any], chosen: dict[str, Any], limits: dict[str, Any], record: dict[str, Any]
) -> dict[str, Any]:
    merged = current | chosen | {"limits": current["limits"] | limits, "record": current["record"] | record}
    merged["environment"] = current["environment"] | chosen.get("environment", {})
    merged["secrets"] = list(dict.fromkeys([*current["secrets"], *chosen.get("secrets", [])]))
    return merged


def finish(server: Server, change: dict[str, Any], no_wait: bool, as_json: bool) -> None:
    """Follow the change to its end and tell where it serves then, with the key that was made for it, if any."""
    key = change.get("key")
    try:
        change = settle(server, change, wait=not no_wait, as_json=as_json)
    finally:
        if key and not as_json:
            print(f"Invocation key, shown only this once: {key}")
    if as_json:
        return
    deployment = change["deployment"]
    if no_wait:
        print(f"{deployment['name']}: {change['operation']['kind']} is under way.")
        return
    print(f"{deployment['name']} {deployment['version']} is {deployment['status']} on {deployment['gateway']}.")
    if "api" in deployment["channels"]:
        print(f"  API  {deployment['api_endpoint']}")
    if deployment["cli_command"]:
        print(f"  CLI  {deployment['cli_command']}")
    if deployment["mcp_endpoint"]:
        print(f"  MCP  {deployment['mcp_endpoint']}")
