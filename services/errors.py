"""What can go wrong, for people and for scripts.

::

    StudioError                 500  something of ours broke
    ├── InvalidInput            422  a value is wrong; ``errors`` says where
    │   └── SourceInvalid       422  an agent's source is wrong; each error has a line and a column
    ├── NotFound                404
    ├── Conflict                409  it exists already, is in use, or is being changed right now
    ├── GatewayError            502  a gateway answered, but not as it should
    │   ├── GatewayRefused      502  it is not a Nexdeck gateway
    │   │   └── TokenRefused    502  it is, and the token is wrong
    │   ├── ArtifactRejected    422  the gateway could not load the agent's module
    │   ├── ProofFailed         502  a channel did not answer the real call as it must
    │   ├── RevisionLost        502  the gateway was started anew and has to be given the revision again
    │   └── CanaryAborted       502  a new revision did worse than the live one
    ├── NotDelivered            502  a notice was not taken where it was sent
    ├── GatewayUnreachable      503  there is no connection: nothing was sent
    │   └── OutcomeUnknown      503  no usable answer came: a change that was sent may have been done
    └── StorageFailed           503  the database could not be used just now: disk full, locked, gone

Each carries its HTTP status, a stable code for scripts and a message that says what to do next. The REST API renders
them in one place (``app.api.errors``), the pages in another (``pages.layout``); nobody else words an error again.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One wrong place: ``path`` dotted (``inputs.0.name``); ``line`` and ``column`` count from 1 where known."""

    path: str
    message: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        place = f"line {self.line}, column {self.column}: " if self.line else ""
        return f"{place}{self.path}: {self.message}" if self.path else f"{place}{self.message}"


class StudioError(Exception):
    status = 500
    code = "internal_error"
    title = "Something of ours broke"

    def __init__(self, message: str, *, code: str | None = None, errors: list[Fault] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.errors = errors or []


class InvalidInput(StudioError):
    status, code, title = 422, "invalid_input", "A value is not valid"


class SourceInvalid(InvalidInput):
    code, title = "invalid_source", "The agent's source is not valid"


class NotFound(StudioError):
    status, code, title = 404, "not_found", "Not found"


class Conflict(StudioError):
    status, code, title = 409, "conflict", "It conflicts with what is there"


class GatewayError(StudioError):
    status, code, title = 502, "gateway_error", "The gateway did not do it"


class GatewayRefused(GatewayError):
    code, title = "gateway_refused", "The gateway refused us"


class TokenRefused(GatewayRefused):
    pass


class ArtifactRejected(GatewayError):
    status, code, title = 422, "artifact_rejected", "The gateway could not load the agent"


class ProofFailed(GatewayError):
    code, title = "proof_failed", "A channel did not answer"


class RevisionLost(GatewayError):
    code, title = "revision_lost", "The gateway lost what was loaded on it"


class CanaryAborted(GatewayError):
    code, title = "canary_aborted", "The new revision did worse than the live one"


class NotDelivered(StudioError):
    status, code, title = 502, "not_delivered", "The notice was not delivered"


class GatewayUnreachable(StudioError):
    status, code, title = 503, "gateway_unreachable", "The gateway cannot be reached"


class OutcomeUnknown(GatewayUnreachable):
    code, title = "outcome_unknown", "It is not known whether the gateway did it"


class StorageFailed(StudioError):
    status, code, title = 503, "storage_failed", "The database cannot be used just now"
