"""The public status page of a workspace: whether there is one, at which address, and what it tells of."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, StrictBool
from pydantic import Field as PydanticField
from sqlmodel import JSON, Column, Field, SQLModel

from nexdeck.models.base import DEFAULT_ORGANIZATION, UtcDateTime, now
from nexdeck.models.manifest import NAME_PATTERN

MOST_ITEMS = 50
_STEERING = r"\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069"
PUBLIC_TEXT = rf"^[^{_STEERING}]*[^{_STEERING}\s][^{_STEERING}]*$"  # one line, not blank


class StatusItem(BaseModel):
    """A deployment under the name that the public knows it by."""

    model_config = ConfigDict(extra="forbid")

    deployment: str = PydanticField(min_length=1, max_length=128, description="an id; a name when it is set")
    name: str = PydanticField(min_length=1, max_length=80, pattern=PUBLIC_TEXT, description="what the public sees")


class StatusPageSettings(BaseModel):
    """Off until somebody switches it on. The page is at ``/status/{slug}``, for everybody who can reach Nexdeck."""

    model_config = ConfigDict(extra="forbid")

    enabled: StrictBool = False
    slug: str = PydanticField("status", pattern=NAME_PATTERN)
    title: str = PydanticField("Service status", min_length=1, max_length=80, pattern=PUBLIC_TEXT)
    items: list[StatusItem] = PydanticField(default_factory=list, max_length=MOST_ITEMS)


class StatusPage(SQLModel, table=True):
    __tablename__ = "status_page"

    workspace_id: str = Field(primary_key=True)
    organization_id: str = DEFAULT_ORGANIZATION
    enabled: bool = False
    slug: str = Field(unique=True)
    title: str
    items: list[dict[str, Any]] = Field(sa_column=Column(JSON, nullable=False), description="``StatusItem`` as JSON")
    updated_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    updated_by: str
