"""Which call is running: how logs, ``print``, ``os.environ`` and limits know whose code it is."""

from contextvars import ContextVar
from dataclasses import dataclass, field

from nexdeck.app.gateway.ground.environment import Overlay

DEFAULT_CHANNEL = "api"
MOST_TOKENS = 2**31 - 1  # of one call: what the control plane takes


@dataclass(slots=True)
class Tokens:
    """What models read and wrote for a call, None where no model told; the cost where there are prices."""

    read: int | None = None
    written: int | None = None
    cost: float = 0.0

    def add(self, usage: dict[str, int | None], cost: float = 0.0) -> None:
        """``usage`` as kaizen's client gives it."""
        self.cost += cost
        for name, reported in (("read", usage.get("input_tokens")), ("written", usage.get("output_tokens"))):
            if isinstance(reported, int):
                setattr(self, name, min((getattr(self, name) or 0) + reported, MOST_TOKENS))


@dataclass(slots=True, frozen=True)
class Call:
    """One call of an agent, or the loading of its module (then ``request_id`` is None)."""

    deployment_id: str
    revision: int
    environment: Overlay
    request_id: str | None = None
    tokens: Tokens = field(default_factory=Tokens, compare=False)


CURRENT: ContextVar[Call | None] = ContextVar("nexdeck_call", default=None)
