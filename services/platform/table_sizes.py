"""How large the database's tables are, and how long what is in them is kept."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import inspect, text
from sqlmodel import Session, SQLModel, func, select

from nexdeck.models.actor import Actor
from nexdeck.services.platform.database import Database

FRESH_SECONDS = 60.0  # counting the rows of a large table takes a moment: not at every request
SQLITE_BYTES = text(
    "SELECT m.tbl_name, SUM(s.pgsize) FROM dbstat s JOIN sqlite_master m ON m.name = s.name "
    "WHERE s.aggregate = TRUE GROUP BY m.tbl_name"
)
POSTGRESQL_BYTES = text("SELECT relname, pg_total_relation_size(relid) FROM pg_stat_user_tables")


@dataclass(frozen=True)
class TableSize:
    """``bytes``: of the table with its indexes; ``kept``: for how long, in words, empty for what is kept for good."""

    name: str
    rows: int
    bytes: int
    kept: str


class StorageService:
    def __init__(self, database: Database, kept: Mapping[str, str]) -> None:
        """``kept``: table → how long its rows are kept, in words."""
        self._database = database
        self._kept = kept
        self._sizes: list[TableSize] = []
        self._at = -FRESH_SECONDS

    async def tables(self, *, actor: Actor) -> list[TableSize]:
        """The largest first, as they were a minute ago at most."""
        if time.monotonic() - self._at > FRESH_SECONDS:
            self._sizes = await self._database.read(self._measure)
            self._at = time.monotonic()
        return self._sizes

    def _measure(self, session: Session) -> list[TableSize]:
        on_sqlite = inspect(session.connection()).dialect.name == "sqlite"
        measured = session.execute(SQLITE_BYTES if on_sqlite else POSTGRESQL_BYTES).all()
        sizes = {name: int(size) for name, size in measured}
        tables = [
            TableSize(
                name=name,
                rows=session.execute(select(func.count()).select_from(table)).scalar_one(),
                bytes=sizes.get(name, 0),
                kept=self._kept.get(name, ""),
            )
            for name, table in SQLModel.metadata.tables.items()
        ]
        return sorted(tables, key=lambda table: table.bytes, reverse=True)
