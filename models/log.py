"""Log lines of deployments, as collected from gateways, and how far the collection has come."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import BigInteger, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from nexdeck.models.base import UtcDateTime
from nexdeck.models.cursors import ROW_NUMBER, CursorRow


class LogLevel(StrEnum):
    """In ascending order of severity."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"
    CRITICAL = "CRITICAL"

    @property
    def and_above(self) -> list["LogLevel"]:
        levels = list(LogLevel)
        return levels[levels.index(self) :]


class LogRecord(SQLModel, table=True):
    """One line. ``id`` grows in the order of arrival and is given out by the collector, which is alone in writing."""

    __tablename__ = "log_record"
    __table_args__ = (
        UniqueConstraint("gateway_id", "boot_id", "cursor"),
        Index("log_record_of_deployment", "deployment_id", "id", "time"),
        Index("log_record_of_request", "request_id", "id"),
        Index(
            "log_record_of_trouble",
            "deployment_id",
            "id",
            sqlite_where=text("level IN ('WARNING', 'ERROR', 'CRITICAL')"),
            postgresql_where=text("level IN ('WARNING', 'ERROR', 'CRITICAL')"),
        ),
    )

    id: int = Field(primary_key=True, sa_type=ROW_NUMBER, sa_column_kwargs={"autoincrement": False})
    deployment_id: str = Field(foreign_key="deployment.id")
    gateway_id: str
    boot_id: str = Field(description="of the gateway's run that wrote it; empty for what Nexdeck itself did")
    cursor: int = Field(sa_type=BigInteger, description="the line's number in that run")
    time: datetime = Field(sa_type=UtcDateTime)
    level: str = Field(max_length=16)
    revision: int | None = None
    request_id: str | None = None
    logger: str = ""
    message: str
    exception: str | None = None


class LogCursor(CursorRow, table=True):
    __tablename__ = "log_cursor"


class LogEntry(NamedTuple):
    """A line as it is read and handed on; thousands a second are, so it is no table row."""

    id: int
    deployment_id: str
    time: datetime
    level: str
    revision: int | None
    request_id: str | None
    logger: str
    message: str
    exception: str | None


ENTRY_COLUMNS = tuple(getattr(LogRecord, name) for name in LogEntry._fields)
