"""Rows written many at a time: SQLAlchemy makes the statement once, the driver gets the plain values.

SQLAlchemy's own handling of a row's parameters takes four times as long as SQLite takes to write the row.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Table, text
from sqlmodel import Session


class Bulk:
    """``statement`` names each of the ``names`` once, as ``:name`` and in their order."""

    def __init__(self, statement: str, names: Sequence[str]) -> None:
        self._names = tuple(names)
        self._compiled = cache(lambda dialect: text(statement).compile(dialect=dialect))

    def run(self, session: Session, rows: Sequence[tuple[Any, ...]]) -> None:
        """For each row, whose values are in the order of the names and such as the driver takes them."""
        if not rows:
            return
        connection = session.connection()
        compiled = self._compiled(connection.dialect)
        if compiled.positional:
            connection.exec_driver_sql(compiled.string, list(rows))
        else:
            connection.exec_driver_sql(compiled.string, [dict(zip(self._names, row, strict=True)) for row in rows])


def upsert(table: Table, names: Sequence[str]) -> Bulk:
    """Insert rows, or bring those up to date that are there already. ``names``: the columns, the key among them."""
    key = [column.name for column in table.primary_key]
    changed = ", ".join(f"{name} = excluded.{name}" for name in names if name not in key)
    values = ", ".join(f":{name}" for name in names)
    insert = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({values})"
    return Bulk(f"{insert} ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changed}", names)
