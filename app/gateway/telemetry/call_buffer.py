"""The latest calls of the deployments, in memory, readable after a cursor."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime
from time import time

from nexdeck.app.gateway.ground.context import Call
from nexdeck.app.gateway.telemetry.ring import Ring
from nexdeck.models.telemetry import CallBatch, CallReport

CAPACITY = 400_000  # calls: a minute and more of 5,000 a second, while the control plane is away
MOST_TEXT = 64 * 1024 * 1024  # characters of all inputs and outputs together
MOST_TEXT_READ = 2_000_000  # characters in one answer

# time, deployment, revision, request id, channel, status, code, seconds, key's hash, tokens in and out, had content;
# see ``Ring`` for why it is a tuple
_Entry = tuple[float, str, int, str | None, str, int, str | None, float, str | None, int | None, int | None, bool]


@dataclass(slots=True)
class Content:
    """What was kept of a call's input and output; ``altered``: the inputs are not what was sent."""

    inputs: str | None
    outputs: str | None
    altered: bool

    @property
    def length(self) -> int:
        return len(self.inputs or "") + len(self.outputs or "")


_NO_CONTENT = Content(None, None, altered=False)
_LET_GO = Content(None, None, altered=True)


class CallBuffer:
    """A ring of calls. When the contents become too many, the oldest are let go; that there was a call stays.

    Used on the event loop only.
    """

    def __init__(self, capacity: int = CAPACITY, most_text: int = MOST_TEXT) -> None:
        self._ring: Ring[_Entry] = Ring(capacity, 1, lambda _: 0)
        self._capacity = capacity
        self._most_text = most_text
        self._text = 0
        self._contents: OrderedDict[int, Content] = OrderedDict()  # by the number of the call

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
        whose = call.deployment_id, call.revision, call.request_id
        tokens, had_content = (call.tokens.read, call.tokens.written), content is not None
        number = self._ring.add((time(), *whose, channel, status, code, seconds, key_hash, *tokens, had_content))
        if content is not None:
            self._keep(number, content)

    @property
    def newest(self) -> int:
        """The cursor of the last call; 0 where there was none yet."""
        return self._ring.last

    def read(self, boot_id: str, after: int = 0, limit: int = 1000) -> CallBatch:
        found = self._ring.read(after, limit, 0)
        calls, text = [], 0
        for cursor, entry in found.items:
            content = self._contents.get(cursor, _LET_GO) if entry[-1] else _NO_CONTENT
            text += content.length
            if calls and text > MOST_TEXT_READ:
                break
            calls.append(_as_wire(cursor, entry, content))
        next_cursor = calls[-1].cursor if calls else found.next_cursor
        return CallBatch(boot_id=boot_id, calls=calls, next_cursor=next_cursor, lost=found.lost)

    def _keep(self, number: int, content: Content) -> None:
        self._contents[number] = content
        self._text += content.length
        while self._text > self._most_text or len(self._contents) > self._capacity:
            _, oldest = self._contents.popitem(last=False)
            self._text -= oldest.length


def _as_wire(cursor: int, entry: _Entry, content: Content) -> CallReport:
    ended, deployment_id, revision, request_id, channel, status, code, seconds, key_hash, read, written, _ = entry
    return CallReport.model_construct(  # what was written here needs no validation, and there may be thousands a second
        cursor=cursor,
        time=datetime.fromtimestamp(ended, UTC),
        deployment_id=deployment_id,
        revision=revision,
        channel=channel,
        status=status,
        code=code,
        milliseconds=round(seconds * 1000, 3),
        request_id=request_id or "",
        key_hash=key_hash,
        tokens_in=read,
        tokens_out=written,
        inputs=content.inputs,
        outputs=content.outputs,
        altered=content.altered,
    )
