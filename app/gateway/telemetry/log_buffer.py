"""The latest log lines of the deployments, in memory, readable after a cursor."""

import logging
import traceback
from datetime import UTC, datetime
from time import time

from nexdeck.app.gateway.ground.context import CURRENT, Call
from nexdeck.app.gateway.telemetry.ring import Ring
from nexdeck.models.telemetry import LogBatch, LogLine

CAPACITY = 400_000  # lines: a minute and more of 5,000 a second, while the control plane is away
MOST_TEXT = 64 * 1024 * 1024  # characters of all lines together, however few they are
MOST_TEXT_READ = 2_000_000  # characters in one answer
LONGEST_MESSAGE = 8_000  # characters
LONGEST_EXCEPTION = 16_000

# time, level, deployment, revision, request id, logger, message, exception; see ``Ring`` for why it is a tuple
_Line = tuple[float, str, str | None, int | None, str | None, str, str, str | None]


class LogBuffer:
    """A ring of lines. Any thread may write; a cursor is the number of the last line that a reader has seen."""

    def __init__(self, capacity: int = CAPACITY, most_text: int = MOST_TEXT) -> None:
        self._ring: Ring[_Line] = Ring(capacity, most_text, lambda line: len(line[-2]) + len(line[-1] or ""))

    def write(
        self, level: str, logger: str, message: str, exception: str | None = None, call: Call | None = None
    ) -> None:
        """Add a line of the running call (or of ``call``), without the secrets of its environment."""
        call = call or CURRENT.get()
        whose = (None, None, None)
        if call is not None:
            whose = (call.deployment_id, call.revision, call.request_id)
            message = call.environment.mask(message)
            exception = exception and call.environment.mask(exception)
        if len(message) > LONGEST_MESSAGE:
            message = message[:LONGEST_MESSAGE] + " …"
        if exception is not None and len(exception) > LONGEST_EXCEPTION:
            exception = "… " + exception[-LONGEST_EXCEPTION:]
        message, exception = _encodable(message), exception and _encodable(exception)
        self._ring.add((time(), _encodable(level[:32]), *whose, _encodable(logger[:200]), message, exception))

    @property
    def newest(self) -> int:
        """The cursor of the last line; 0 where there was none yet."""
        return self._ring.last

    def read(self, boot_id: str, after: int = 0, limit: int = 1000) -> LogBatch:
        found = self._ring.read(after, limit, MOST_TEXT_READ)
        lines = [_as_wire(cursor, line) for cursor, line in found.items]
        return LogBatch(boot_id=boot_id, lines=lines, next_cursor=found.next_cursor, lost=found.lost)


def _encodable(text: str) -> str:
    """Without halves of surrogate pairs, which no JSON can carry."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _as_wire(cursor: int, line: _Line) -> LogLine:
    seconds, level, deployment_id, revision, request_id, logger, message, exception = line
    return LogLine.model_construct(  # what was written here needs no validation, and there may be thousands a second
        cursor=cursor,
        time=datetime.fromtimestamp(seconds, UTC),
        level=level,
        deployment_id=deployment_id,
        revision=revision,
        request_id=request_id,
        logger=logger,
        message=message,
        exception=exception,
    )


class LogCapture(logging.Handler):
    """Puts what a deployment's code logs into the buffer; what the gateway logs itself stays on stderr."""

    def __init__(self, buffer: LogBuffer) -> None:
        super().__init__(logging.INFO)
        self._buffer = buffer

    def emit(self, record: logging.LogRecord) -> None:
        if CURRENT.get() is None:
            return
        try:
            message = record.getMessage()
        except (TypeError, ValueError) as error:  # arguments that do not fit the format: the author's mistake
            message = f"{record.msg!r} could not be formatted: {error}"
        exception = "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else None
        self._buffer.write(record.levelname, record.name, message, exception)


class PrintCapture:
    """Stands for ``sys.stdout`` or ``sys.stderr``: what a deployment prints becomes log lines, the rest passes."""

    def __init__(self, stream, buffer: LogBuffer, level: str) -> None:
        self._stream = stream
        self._buffer = buffer
        self._level = level
        self._begun: dict[Call, str] = {}  # text after the last line break, for each call

    def write(self, text: str) -> int:
        call = CURRENT.get()
        if call is None:
            return self._stream.write(text)
        *lines, rest = (self._begun.pop(call, "") + text).split("\n")
        for line in lines:
            if line.strip():
                self._buffer.write(self._level, "print", line, call=call)
        if rest:
            self._begun[call] = rest[-LONGEST_MESSAGE:]
        return len(text)

    def finish(self, call: Call) -> None:
        """Write the unfinished line of a call that is over."""
        if rest := self._begun.pop(call, ""):
            self._buffer.write(self._level, "print", rest, call=call)

    def __getattr__(self, name: str):
        return getattr(self._stream, name)
