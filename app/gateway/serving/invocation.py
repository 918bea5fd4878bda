"""One call of one agent: every channel comes through here."""

import asyncio
import traceback
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from nexdeck.app.gateway.agents.outputs import Output, output_of, raise_if_failure
from nexdeck.app.gateway.agents.streams import OnChunk, collect
from nexdeck.app.gateway.agents.threads import MOST_THREADS, NoFreeThread
from nexdeck.app.gateway.ground.context import CURRENT, Call
from nexdeck.app.gateway.ground.problems import GatewayProblem, busy
from nexdeck.app.gateway.serving.revision import LoadedRevision
from nexdeck.app.gateway.telemetry.call_buffer import CallBuffer, Content
from nexdeck.app.gateway.telemetry.log_buffer import LogBuffer, PrintCapture


@dataclass(slots=True, frozen=True)
class Caller:
    """Who calls, and through which channel."""

    channel: str
    request_id: str
    control: bool = False
    probe: bool = False  # the control plane proves a revision: it is not counted
    key: str | None = None  # the SHA-256 of the key that was sent
    trace: bytes | None = None  # the traceparent header of the request


class Invoker:
    def __init__(self, logs: LogBuffer, calls: CallBuffer, prints: tuple[PrintCapture, ...] = ()) -> None:
        self._logs = logs
        self._calls = calls
        self._prints = prints

    async def invoke(
        self, revision: LoadedRevision, inputs: dict[str, Any], caller: Caller, on_chunk: OnChunk | None = None
    ) -> Output:
        """Raises GatewayProblem for whatever goes wrong: a failure never looks like an answer.

        ``on_chunk`` gets the chunks of an agent that yields them, as they come.
        """
        began = perf_counter()
        meter = None if caller.probe else revision.meter
        if meter is not None:
            meter.began()
            if caller.key is not None:
                revision.key_uses.note(caller.key, revision.bundle)
        call = Call(revision.deployment_id, revision.number, revision.environment, caller.request_id)
        token = CURRENT.set(call)
        status, cause, output = 200, None, None
        recording = revision.recorder.recording
        # now: an agent may change them
        kept = revision.recorder.text(inputs) if recording.inputs and meter is not None else None
        try:
            output = await self._answer(revision, inputs, caller, on_chunk)
            return output
        except GatewayProblem as problem:
            problem.detail = revision.environment.mask(problem.detail)
            status, cause = problem.status_code, problem
            raise
        except asyncio.CancelledError:
            status = 499  # the caller went away, or the gateway is ending
            raise
        finally:
            CURRENT.reset(token)
            seconds = perf_counter() - began
            if meter is not None:
                meter.ended(caller.channel, status, cause and cause.code, seconds, call.tokens)
                content = _content(revision, kept, output) if recording.is_on else None
                key = caller.key if caller.key in revision.key_uses.by_hash else None  # else it is not for us to know
                self._calls.write(call, caller.channel, status, cause and cause.code, seconds, key, content)
            self._log(call, caller, status, cause, seconds, revision)

    async def _answer(
        self, revision: LoadedRevision, inputs: dict[str, Any], caller: Caller, on_chunk: OnChunk | None
    ) -> Output:
        manifest = revision.bundle.manifest
        errors = revision.agent.inputs.errors(inputs)
        if errors:
            detail = f"The inputs do not fit: {errors[0].path}: {errors[0].message}."
            raise GatewayProblem(422, "invalid_input", detail, errors=errors)
        revision.gate.enter(metered=not caller.control)
        try:
            async with asyncio.timeout(manifest.limits.timeout_seconds):
                result = await _run(revision, inputs, on_chunk)
        except TimeoutError as error:
            detail = f"The agent did not answer within {manifest.limits.timeout_seconds:g} s."
            raise GatewayProblem(504, "timeout", detail) from error
        finally:
            revision.gate.leave()
        raise_if_failure(result, manifest.output_schema)
        return output_of(result, revision.agent.outputs)

    def _log(
        self,
        call: Call,
        caller: Caller,
        status: int,
        cause: GatewayProblem | None,
        seconds: float,
        revision: LoadedRevision,
    ) -> None:
        for prints in self._prints:
            prints.finish(call)
        message = f"{caller.channel} {status} in {seconds * 1000:.1f} ms"
        if cause is None:
            self._logs.write("INFO", "gateway", message, call=call)
            return
        level = "ERROR" if status >= 500 else "WARNING"
        error = cause.__cause__ if cause.code == "agent_failed" else None
        detail = cause.detail
        if cause.errors and revision.recorder.recording.redact:  # the messages quote values
            detail = ", ".join(error.path for error in cause.errors)
        trace = error and _trace(error, revision.agent.module.__file__ or "")
        self._logs.write(level, "gateway", f"{message}: {cause.code}: {detail}", trace, call)


def _content(revision: LoadedRevision, inputs: tuple[str | None, bool] | None, output: Output | None) -> Content:
    """What is kept of a call; the inputs were recorded when it began."""
    text, altered = inputs or (None, True)
    keeps_output = output is not None and revision.recorder.recording.outputs
    return Content(text, revision.recorder.text(output.value)[0] if keeps_output else None, altered)


async def _run(revision: LoadedRevision, inputs: dict[str, Any], on_chunk: OnChunk | None) -> Any:
    """Call the agent; whatever its code raises becomes a problem, so that nothing of it reaches the event loop."""
    try:
        if on_chunk is not None and revision.agent.stream is not None:
            return await collect(revision.agent.stream(inputs), on_chunk)
        return await revision.agent.run(inputs)
    except GatewayProblem:
        raise
    except NoFreeThread as error:
        detail = f"{MOST_THREADS} earlier calls of this deployment never ended; redeploy or restart it."
        raise busy("agent_stuck", detail) from error
    except asyncio.CancelledError as error:
        if asyncio.current_task().cancelling():
            raise
        raise _failed(error) from error  # the agent cancelled something of its own
    except BaseException as error:  # SystemExit too: an agent must not end the gateway
        raise _failed(error) from error


def _failed(error: BaseException) -> GatewayProblem:
    inner = _problem_within(error)
    if inner is not None:
        return inner
    text = str(error).partition("\nTraceback (most recent call last)")[0]  # kailash puts one into its messages
    return GatewayProblem(500, "agent_failed", f"{type(error).__name__}: {text}"[:2000] if text else repr(error)[:2000])


def _problem_within(error: BaseException) -> GatewayProblem | None:
    """A problem that a library wrapped on its way up (kailash wraps what a node raises)."""
    seen = error.__cause__ or error.__context__
    for _ in range(10):
        if seen is None or isinstance(seen, GatewayProblem):
            return seen
        seen = seen.__cause__ or seen.__context__
    return None


def _trace(error: BaseException, filename: str) -> str:
    """The traceback from the author's module on; the gateway's own frames above it would only distract."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename != filename:
        trace = trace.tb_next
    return "".join(traceback.format_exception(type(error), error, trace or error.__traceback__))
