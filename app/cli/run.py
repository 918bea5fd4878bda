"""``nexdeck run``: the CLI channel of a deployment."""

import json
import re
import sys
from typing import Annotated, Any

import typer

from nexdeck.app.cli.exits import CliError, ExitCode
from nexdeck.app.cli.http import RestAnswer, Server, send
from nexdeck.app.cli.options import AsJson, Url
from nexdeck.app.cli.output import plain, print_json
from nexdeck.app.cli.values import read_json, read_pairs
from nexdeck.models.trust import Trust, TrustKind

# As in models.control, which a test compares it with: importing that brings pydantic, 0.2 s in the way of every proof.
REVISION_HEADER = "X-Nexdeck-Revision"
GRACE_SECONDS = 5.0  # the gateway times the agent out by itself; this is for the way there and back


def run(
    name: Annotated[str, typer.Argument(help="The deployment's name or id.")],
    inputs: Annotated[
        list[str] | None, typer.Argument(metavar="KEY=VALUE...", help="Inputs, typed by the agent's schema.")
    ] = None,
    document: Annotated[
        str | None, typer.Option("--input", metavar="JSON|@FILE|-", help="Inputs as JSON; `-` reads standard input.")
    ] = None,
    key: Annotated[str | None, typer.Option(envvar="NEXDECK_KEY", help="The invocation key, if it wants one.")] = None,
    revision: Annotated[int | None, typer.Option(hidden=True, min=1, help="Proofs call what is not live yet.")] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Call a deployed agent.

    KEY=VALUE pairs stand beside --input and win over it. A single text is printed as it is, everything else as JSON.
    """
    server = Server(url)
    deployment = server.get("deployments", name)
    if revision is None:
        _require_callable(deployment)
    values = read_json(document, "--input") if document is not None else {}
    values |= read_pairs(inputs or [], deployment["input_schema"])
    answer = send(
        "POST",
        deployment["api_endpoint"],
        body={"inputs": values},
        headers=_headers(key, revision),
        seconds=deployment["options"]["limits"]["timeout_seconds"] + GRACE_SECONDS,
        trust=_trust(server, deployment),
    )
    _print(_result_of(answer, deployment), as_json)


def _trust(server: Server, deployment: dict[str, Any]) -> Trust | None:
    """As Nexdeck itself verifies the gateway's certificate."""
    if not deployment["api_endpoint"].startswith("https:"):
        return None
    kind = TrustKind(server.get("gateways", deployment["gateway_id"])["trust"])
    if kind is TrustKind.SYSTEM:
        return None
    return Trust(kind, server.raw("GET", "gateways", deployment["gateway_id"], "certificate").body.decode())


def _require_callable(deployment: dict[str, Any]) -> None:
    name, status = deployment["name"], deployment["status"]
    if deployment["live_revision"] is None or status == "stopped":
        cause = deployment["error_message"] if status == "failed" else None
        detail = f"{name} is {status}{f': {cause}' if cause else ', so it cannot be called'}"
        hint = f"`nexdeck start {name}` brings it up." if status == "stopped" else f"See `nexdeck status {name}`."
        raise CliError.because(ExitCode.CONFLICT, detail, code="not_running", hint=hint)


def _headers(key: str | None, revision: int | None) -> dict[str, str]:
    headers = {"X-Nexdeck-Channel": "cli"}
    if key:
        if not re.fullmatch(r"[\x21-\x7e]+", key):
            raise CliError.because(ExitCode.USAGE, "The key has characters that no key has. Was it copied whole?")
        headers["Authorization"] = f"Bearer {key}"
    if revision is not None:
        headers[REVISION_HEADER] = str(revision)
    return headers


def _result_of(answer: RestAnswer, deployment: dict[str, Any]) -> Any:
    body = answer.json()
    if answer.status == 200 and isinstance(body, dict):
        try:
            return body["outputs"]["agent"]["result"]
        except (KeyError, TypeError):
            pass
    if answer.status != 200 and isinstance(body, dict) and "detail" in body:
        raise CliError.answered(answer.status, body, _hint(answer, deployment["name"]))
    detail = f"{deployment['api_endpoint']} answered {answer.status}, but not as a gateway of Nexdeck does."
    raise CliError.because(ExitCode.UNREACHABLE, detail, code="not_a_gateway")


def _hint(answer: RestAnswer, name: str) -> str:
    if answer.retry_after.isdigit():
        return f"Try again in {answer.retry_after} s."
    if answer.status == 401:
        return f"Give its key with --key or NEXDECK_KEY; `nexdeck keys create {name} KEYNAME` makes one."
    if answer.status == 404:
        return f"See `nexdeck status {name}`."
    return ""


def _print(result: Any, as_json: bool) -> None:
    if as_json:
        print_json(result)
        return
    texts = list(result.values()) if isinstance(result, dict) else []
    if len(texts) == 1 and isinstance(texts[0], str):
        print(plain(texts[0]) if sys.stdout.isatty() else texts[0])
    else:
        print(json.dumps(result, ensure_ascii=False, indent=2))
