"""What every table shares: identifiers, UTC times and the default tenancy."""

import secrets
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import DateTime, Enum, TypeDecorator

DEFAULT_ORGANIZATION = "default"
DEFAULT_WORKSPACE = "default"


def now() -> datetime:
    """The current time, aware and in UTC."""
    return datetime.now(UTC)


def new_id(prefix: str) -> str:
    """A random identifier that tells what it names, e.g. ``dep_4f0c9be21a7d3e55``."""
    return f"{prefix}_{secrets.token_hex(8)}"


class UtcDateTime(TypeDecorator):
    """A time that is aware and in UTC on the Python side, whatever the database keeps."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("times must carry a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def choice(kind: type[StrEnum]) -> Enum:
    """A column of one of the enum's values, kept as text that reads the same in the database and in JSON."""
    return Enum(kind, native_enum=False, length=32, values_callable=lambda members: [m.value for m in members])
