"""One recorded call made again, and how its answer compares with the one before."""

import json
from dataclasses import dataclass
from enum import StrEnum
from time import perf_counter
from typing import Any

from nexdeck.models.wire import AS_RECORDED_HEADER, REQUEST_ID_HEADER, REVISION_HEADER
from nexdeck.services.calls.service import RecordedRequest
from nexdeck.services.errors import GatewayError
from nexdeck.services.gateways.client import GatewayClient
from nexdeck.services.rules.answer_diff import Difference, differences

GRACE_SECONDS = 5.0  # the gateway times the agent out by itself; this is for the way there and back


class ReplayVerdict(StrEnum):
    SAME = "same"
    CHANGED = "changed"
    WORSE = "worse"  # it was answered well before, and is not now
    BETTER = "better"
    UNKNOWN = "unknown"  # the status is the same, and no output is there to compare with


@dataclass(frozen=True)
class ReplayedAnswer:
    """``outputs`` as a recording would keep them; None where the call failed or nothing was kept."""

    status: int
    milliseconds: float
    outputs: Any = None
    code: str | None = None
    detail: str | None = None
    request_id: str = ""

    @property
    def is_good(self) -> bool:
        return self.status < 400


@dataclass(frozen=True)
class Replayed:
    """``differences`` are those from the recorded answer, or from the live one's where no output was recorded."""

    call: RecordedRequest
    recorded: ReplayedAnswer
    candidate: ReplayedAnswer
    live: ReplayedAnswer | None
    verdict: ReplayVerdict
    differences: list[Difference]

    @property
    def request(self) -> str:
        return self.call.id


async def call_again(
    client: GatewayClient, name: str, revision: int, inputs: dict[str, Any], request_id: str, seconds: float
) -> ReplayedAnswer:
    """A real call as a probe: it counts neither as traffic nor for health. Raises GatewayUnreachable."""
    headers = {REVISION_HEADER: str(revision), REQUEST_ID_HEADER: request_id, AS_RECORDED_HEADER: "1"}
    began = perf_counter()
    try:
        answer = await client.ask(
            "POST", f"/workflows/{name}/execute", {"inputs": inputs}, headers, seconds + GRACE_SECONDS
        )
        document = answer.json()
        if answer.is_success:
            outputs = document["outputs"]["agent"]["result"]
            return ReplayedAnswer(answer.status_code, document["execution_time"] * 1000, outputs, request_id=request_id)
        code, detail = str(document["code"])[:64], str(document["detail"])[:500]
    except GatewayError as error:
        return ReplayedAnswer(504, (perf_counter() - began) * 1000, None, "timeout", error.message, request_id)
    except (ValueError, KeyError, TypeError):
        return ReplayedAnswer(
            502, (perf_counter() - began) * 1000, None, "bad_answer", "It is no agent's answer.", request_id
        )
    return ReplayedAnswer(answer.status_code, (perf_counter() - began) * 1000, None, code, detail, request_id)


def recorded_answer(call: RecordedRequest) -> ReplayedAnswer:
    return ReplayedAnswer(
        call.entry.status, call.entry.milliseconds, _parsed(call.outputs), call.entry.code, None, call.entry.request_id
    )


def compared(call: RecordedRequest, candidate: ReplayedAnswer, live: ReplayedAnswer | None) -> Replayed:
    recorded = recorded_answer(call)
    reference = live if live is not None and recorded.outputs is None else recorded
    found = []
    if reference.outputs is not None and candidate.outputs is not None:
        found = differences(reference.outputs, candidate.outputs)
    return Replayed(call, recorded, candidate, live, _verdict(reference, candidate, found), found)


def _verdict(before: ReplayedAnswer, after: ReplayedAnswer, found: list[Difference]) -> ReplayVerdict:
    if before.is_good and not after.is_good:
        return ReplayVerdict.WORSE
    if after.is_good and not before.is_good:
        return ReplayVerdict.BETTER
    if found or before.status != after.status or before.code != after.code:
        return ReplayVerdict.CHANGED
    return ReplayVerdict.UNKNOWN if after.is_good and before.outputs is None else ReplayVerdict.SAME


def _parsed(text: str | None) -> Any:
    try:
        return None if text is None else json.loads(text)
    except ValueError:  # it was cut
        return None
