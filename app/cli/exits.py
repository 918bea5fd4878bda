"""How a command ends: exit codes for scripts, and the one error that carries one."""

from enum import IntEnum
from typing import Any


class ExitCode(IntEnum):
    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    CONFLICT = 4
    UNAUTHORISED = 5
    UNREACHABLE = 6
    TIMEOUT = 7
    OVERLOADED = 8
    INTERRUPTED = 130


MEANINGS = {
    ExitCode.OK: "done",
    ExitCode.FAILED: "the operation or the agent failed",
    ExitCode.USAGE: "an option or an input is not valid",
    ExitCode.NOT_FOUND: "there is no such agent, gateway or deployment",
    ExitCode.CONFLICT: "it exists already, is in use, or is not in a state for that",
    ExitCode.UNAUTHORISED: "a key is missing or wrong, or the request is not allowed",
    ExitCode.UNREACHABLE: "Nexdeck or a gateway does not answer",
    ExitCode.TIMEOUT: "it took too long",
    ExitCode.OVERLOADED: "rate limit or concurrency limit reached; try again later",
    ExitCode.INTERRUPTED: "interrupted with Ctrl-C",
}

_BY_CODE = {  # where a status alone says too little
    "gateway_unreachable": ExitCode.UNREACHABLE,
    "gateway_refused": ExitCode.UNAUTHORISED,
    "not_configured": ExitCode.FAILED,
    "too_many_calls": ExitCode.OVERLOADED,
    "not_restored": ExitCode.FAILED,
}
_BY_STATUS = {
    400: ExitCode.USAGE,
    401: ExitCode.UNAUTHORISED,
    403: ExitCode.UNAUTHORISED,
    404: ExitCode.NOT_FOUND,
    408: ExitCode.TIMEOUT,
    409: ExitCode.CONFLICT,
    410: ExitCode.NOT_FOUND,
    413: ExitCode.USAGE,
    415: ExitCode.USAGE,
    421: ExitCode.UNAUTHORISED,
    422: ExitCode.USAGE,
    429: ExitCode.OVERLOADED,
    503: ExitCode.UNREACHABLE,
    504: ExitCode.TIMEOUT,
}


class CliError(Exception):
    """Ends the command. ``problem`` is an RFC 9457 document; ``hint`` says what to do next."""

    def __init__(self, exit_code: ExitCode, problem: dict[str, Any], hint: str = "") -> None:
        super().__init__(problem.get("detail", ""))
        self.exit_code = exit_code
        self.problem = problem
        self.hint = hint

    @classmethod
    def because(cls, exit_code: ExitCode, detail: str, *, code: str = "", hint: str = "") -> "CliError":
        """An error that was found on this side, before or without an answer of a server."""
        problem = {"type": "about:blank", "title": MEANINGS[exit_code], "detail": detail}
        return cls(exit_code, problem | {"code": code or exit_code.name.lower()}, hint)

    @classmethod
    def answered(cls, status: int, problem: dict[str, Any], hint: str = "") -> "CliError":
        """An error that a server answered with."""
        exit_code = _BY_CODE.get(problem.get("code")) or _BY_STATUS.get(status, ExitCode.FAILED)
        return cls(exit_code, {"status": status} | problem, hint)
