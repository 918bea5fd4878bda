"""Calls of deployments, as collected from gateways; what went in and came out of them where that may be kept."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from nexdeck.models.base import UtcDateTime
from nexdeck.models.cursors import ROW_NUMBER, CursorRow


class CallRecord(SQLModel, table=True):
    """One call. ``id`` grows in the order of arrival and is given out by the collector, which is alone in writing."""

    __tablename__ = "call_record"
    __table_args__ = (
        UniqueConstraint("gateway_id", "boot_id", "cursor"),
        Index("call_record_of_deployment", "deployment_id", "id", "time"),
        Index("call_record_by_request_id", "request_id", "id"),
        Index("call_record_by_key", "key_id", "id"),
    )

    id: int = Field(primary_key=True, sa_type=ROW_NUMBER, sa_column_kwargs={"autoincrement": False})
    deployment_id: str = Field(foreign_key="deployment.id")
    gateway_id: str
    boot_id: str = Field(description="of the gateway's run that answered it")
    cursor: int = Field(sa_type=BigInteger, description="the call's number in that run")
    time: datetime = Field(sa_type=UtcDateTime, description="when it ended")
    channel: str = Field(max_length=16)
    revision: int
    status: int
    code: str | None = Field(default=None, description="of the error")
    milliseconds: float
    request_id: str
    key_id: str | None = Field(default=None, description="the deployment's key that it was made with")
    tokens_in: int | None = None
    tokens_out: int | None = None


class CallContent(SQLModel, table=True):
    """A call's input and output as JSON texts, redacted by the gateway; goes before the call itself does."""

    __tablename__ = "call_content"

    call_id: int = Field(primary_key=True, sa_type=ROW_NUMBER, sa_column_kwargs={"autoincrement": False})
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)
    altered: bool = Field(description="the inputs are redacted, masked or cut: they cannot be sent again")
    inputs: str | None = None
    outputs: str | None = None


class CallCursor(CursorRow, table=True):
    __tablename__ = "call_cursor"


class CallEntry(NamedTuple):
    """A call as it is read and handed on."""

    id: int
    deployment_id: str
    time: datetime
    channel: str
    revision: int
    status: int
    code: str | None
    milliseconds: float
    request_id: str
    key_id: str | None
    tokens_in: int | None
    tokens_out: int | None


CALL_COLUMNS = tuple(getattr(CallRecord, name) for name in CallEntry._fields)
