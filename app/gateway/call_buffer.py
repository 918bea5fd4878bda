"""The latest calls of the deployments, in memory, readable after a cursor."""

import threading
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from time import time

from app.gateway.context import Call
from app.gateway.ring import Ring
from models.batches import CallBatch, CallReport

CAPACITY = 400_000  # calls: a minute and more of 5,000 a second, while the control plane is away
MOST_TEXT = 64 * 1024 * 1024  # characters of all inputs and outputs together
MOST_TEXT_READ = 2_000_000  # characters in one answer


@dataclass(slots=True)
class Content:
    """What was kept of a call's input and output; ``altered``: the inputs are not what was sent."""

    inputs: str | None
    outputs: str | None
    altered: bool

    @property
    def length(self) -> int:
        return len(self.inputs or "") + len(self.outputs or "")


@dataclass(slots=True)
class _Entry:
    time: float
    call: Call
    channel: str
    status: int
    code: str | None
    seconds: float
    key_hash: str | None
    content: Content | None


class CallBuffer:
    """A ring of calls. When the contents become too many, the oldest are let go; that there was a call stays."""

    def __init__(self, capacity: int = CAPACITY, most_text: int = MOST_TEXT) -> None:
        self._ring: Ring[_Entry] = Ring(capacity, 1, lambda _: 0)
        self._most_text = most_text
        self._text = 0
        self._contents: deque[_Entry] = deque()
        self._lock = threading.Lock()

    def write(
        self,
        call: Call,
        channel: str,
        status: int,
        code: str | None,
        seconds: float,
        key_hash: str | None,
        content: Content | None,
    ) -> None:
        entry = _Entry(time(), call, channel, status, code, seconds, key_hash, content)
        if content is not None:
            self._keep(entry)
        self._ring.add(entry)

    def read(self, boot_id: str, after: int = 0, limit: int = 1000) -> CallBatch:
        found = self._ring.read(after, limit, 0)
        calls, text = [], 0
        for cursor, entry in found.items:
            content = entry.content
            text += content.length if content is not None else 0
            if calls and text > MOST_TEXT_READ:
                break
            calls.append(_as_wire(cursor, entry, content))
        next_cursor = calls[-1].cursor if calls else found.next_cursor
        return CallBatch(boot_id=boot_id, calls=calls, next_cursor=next_cursor, lost=found.lost)

    def _keep(self, entry: _Entry) -> None:
        with self._lock:
            self._contents.append(entry)
            self._text += entry.content.length
            while self._text > self._most_text:
                oldest = self._contents.popleft()
                self._text -= oldest.content.length
                oldest.content = Content(None, None, altered=True)


def _as_wire(cursor: int, entry: _Entry, content: Content | None) -> CallReport:
    call = entry.call
    return CallReport.model_construct(  # what was written here needs no validation, and there may be thousands a second
        cursor=cursor,
        time=datetime.fromtimestamp(entry.time, UTC),
        deployment_id=call.deployment_id,
        revision=call.revision,
        channel=entry.channel,
        status=entry.status,
        code=entry.code,
        milliseconds=round(entry.seconds * 1000, 3),
        request_id=call.request_id or "",
        key_hash=entry.key_hash,
        tokens_in=call.tokens.read,
        tokens_out=call.tokens.written,
        inputs=content and content.inputs,
        outputs=content and content.outputs,
        altered=content is not None and content.altered,
    )
