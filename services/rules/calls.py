"""From what gateways tell of calls to what can be kept: whatever they say, it fits the tables."""

from datetime import datetime

from nexdeck.models.call import CallEntry
from nexdeck.models.telemetry import CallReport
from nexdeck.services.rules.log_lines import credible_time

LONGEST_CONTENT = 70_000  # characters; a gateway keeps fewer
LONGEST = {"channel": 16, "code": 64, "request_id": 128}  # characters


def call_of(call: CallReport, key_id: str | None, received: datetime, number: int) -> CallEntry:
    """A gateway's report, cleaned of what a database cannot carry. Its deployment has been checked."""
    return CallEntry(
        id=number,
        deployment_id=call.deployment_id,
        time=credible_time(call.time, received),
        channel=_kept(call.channel, "channel"),
        revision=call.revision,
        status=call.status,
        code=_kept(call.code, "code") if call.code else None,
        milliseconds=call.milliseconds,
        request_id=_kept(call.request_id, "request_id"),
        key_id=key_id,
        tokens_in=call.tokens_in,
        tokens_out=call.tokens_out,
    )


def kept_text(text: str | None) -> str | None:
    return text and text[:LONGEST_CONTENT].replace("\0", "�")


def _kept(text: str, name: str) -> str:
    return text[: LONGEST[name]].replace("\0", "�")
