"""Invocation keys as JSON; the key itself only in the answer that makes it."""

from datetime import datetime

from pydantic import Field

from nexdeck.app.api.schemas.base import Shape
from nexdeck.models.base import now
from nexdeck.models.deployment import DeploymentKey, KeyState


class KeyShape(Shape):
    id: str
    name: str
    prefix: str = Field(description="the first characters, to tell keys apart")
    state: KeyState
    created_at: datetime
    created_by: str
    expires_at: datetime | None = Field(description="refused from then on, by the gateway's own clock; null: never")
    replaced_by: str | None = Field(description="the id of the key that came in its place")
    revoked_at: datetime | None
    revoked_by: str | None
    last_used_at: datetime | None
    use_count: int = Field(description="calls that were made with it")

    @classmethod
    def of(cls, row: DeploymentKey) -> "KeyShape":
        return cls(**row.model_dump(include=cls.model_fields.keys() - {"state"}), state=row.state(now()))


class NewKeyShape(KeyShape):
    key: str = Field(description="shown only once: only its hash is kept")
    is_effective: bool = Field(description="whether the gateway accepts it already; else once it answers again")
