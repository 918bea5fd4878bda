"""Replays as JSON."""

from datetime import datetime
from typing import Any

from pydantic import Field

from nexdeck.app.api.schemas.base import Shape
from nexdeck.services.calls.replay_calls import ReplayVerdict
from nexdeck.services.calls.replays import ReplayStatus
from nexdeck.services.rules.answer_diff import DifferenceKind


class AnswerShape(Shape):
    status: int
    milliseconds: float
    outputs: Any = Field(description="redacted as a recording is; null where the call failed or none is kept")
    code: str | None
    detail: str | None
    request_id: str = Field(description="leads to the lines of the log")


class DifferenceShape(Shape):
    path: str = Field(description="dotted, with the numbers of list items; empty for the whole answer")
    kind: DifferenceKind
    before: str | None = Field(description="as JSON text, shortened")
    after: str | None


class ReplayedShape(Shape):
    request: str = Field(description="the recorded call's id")
    verdict: ReplayVerdict = Field(
        description="worse: it was answered well before and is not now; unknown: nothing to compare"
    )
    differences: list[DifferenceShape]
    recorded: AnswerShape
    candidate: AnswerShape
    live: AnswerShape | None = Field(description="of the revision that is live, where it was called too")


class ReplayShape(Shape):
    id: str
    deployment_id: str
    against: str = Field(description="in words")
    status: ReplayStatus
    error: str | None
    total: int = Field(description="calls to make")
    done: int
    verdicts: dict[ReplayVerdict, int]
    started_at: datetime
    ended_at: datetime | None
    by: str
    results: list[ReplayedShape] = Field(description="in the order in which they ended")
