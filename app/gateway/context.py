"""Which call is running: how logs, ``print``, ``os.environ`` and limits know whose code it is."""

from contextvars import ContextVar
from dataclasses import dataclass

from app.gateway.environment import Overlay

DEFAULT_CHANNEL = "api"


@dataclass(slots=True, frozen=True)
class Call:
    """One call of an agent, or the loading of its module (then ``request_id`` is None)."""

    deployment_id: str
    revision: int
    environment: Overlay
    request_id: str | None = None


CURRENT: ContextVar[Call | None] = ContextVar("nexdeck_call", default=None)
