"""``nexdeck requests``: the calls that a deployment answered."""

import json
from enum import StrEnum
from typing import Annotated, Any

import typer

from nexdeck.app.cli.durations import moment_in
from nexdeck.app.cli.http import Server
from nexdeck.app.cli.options import AsJson, Since, Until, Url
from nexdeck.app.cli.output import plain, print_fields, print_json, print_list, when
from nexdeck.models.choices import Channel


class Outcome(StrEnum):
    OK = "ok"
    FAILED = "failed"
    REFUSED = "refused"
    BROKEN = "broken"


def requests(
    name: Annotated[str, typer.Argument(help="The deployment's name or id.")],
    show: Annotated[str | None, typer.Option("--show", metavar="ID", help="Show this one in full.")] = None,
    last: Annotated[int, typer.Option("--last", "-n", min=1, max=200, help="How many at most.")] = 20,
    outcome: Annotated[Outcome | None, typer.Option(help="failed: refused (4xx) or broken (5xx).")] = None,
    channel: Annotated[Channel | None, typer.Option(help="Through this channel.")] = None,
    revision: Annotated[int | None, typer.Option(min=1, help="Answered by this revision.")] = None,
    key: Annotated[str | None, typer.Option(help="Made with this key: id, name or first characters.")] = None,
    slower: Annotated[float | None, typer.Option("--slower", metavar="MS", min=0, help="Took this long.")] = None,
    search: Annotated[str | None, typer.Option("--search", "-q", help="Part of id, code, input or output.")] = None,
    since: Since = None,
    until: Until = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """List the last calls of a deployment, or show one with its input and output where they are kept."""
    server = Server(url)
    if show is not None:
        _show(server.get("deployments", name, "requests", show), as_json)
        return
    query = {"outcome": outcome, "channel": channel, "revision": revision, "key": key, "min_ms": slower, "q": search}
    query |= {"since": moment_in(since, "--since", ago=True), "until": moment_in(until, "--until", ago=True)}
    found = server.get("deployments", name, "requests", limit=last, **query)["items"]
    rows = (
        (
            *(each["id"], when(each["time"]), each["channel"], (each["key"] or {}).get("name"), f"#{each['revision']}"),
            *(_status(each), f"{each['milliseconds']:.1f}", _tokens(each), each["request_id"]),
        )
        for each in found
    )
    columns = ("id", "ended", "channel", "key", "revision", "status", "ms", "tokens", "request id")
    print_list(found, columns, rows, empty=f"{name} has no requests that fit.", as_json=as_json)


def _show(call: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(call)
        return
    key = call["key"]
    print_fields(
        [
            ("id", call["id"]),
            ("request id", call["request_id"]),
            ("ended", when(call["time"])),
            ("channel", call["channel"]),
            ("key", f"{key['name']} ({key['prefix']}…)" if key else None),
            ("revision", call["revision"]),
            ("status", _status(call)),
            ("took", f"{call['milliseconds']:.1f} ms"),
            ("tokens", _tokens(call)),
            ("replayable", "yes" if call["replayable"] else "no"),
        ]
    )
    for side in ("inputs", "outputs"):
        if call[side] is not None:
            print(f"\n{side}\n{plain(_pretty(call[side]))}")


def _pretty(text: str) -> str:
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:  # it was cut
        return text


def _status(call: dict[str, Any]) -> str:
    return f"{call['status']} {call['code'] or ''}".strip()


def _tokens(call: dict[str, Any]) -> str:
    read, written = call["tokens_in"], call["tokens_out"]
    return "" if read is None and written is None else f"{read or 0} + {written or 0}"
