"""Short transactions, run in threads: the only place that commits."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import alembic.command
import alembic.config
from sqlalchemy import Engine, event
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlmodel import Session, create_engine

from nexdeck.services.errors import StorageFailed

T = TypeVar("T")
LOCKED_SECONDS = 5.0  # that a write waits for another program's
MIGRATIONS = Path(__file__).parent.parent.parent / "models" / "migrations"


class Database:
    """``await database.read(query)`` and ``await database.write(change)``; both get a ``Session``, return values.

    A function given to either runs in a thread and must not touch the network. Both raise StorageFailed when the
    database cannot be used just now; nothing of the transaction is kept then. SQLite allows one writer at a time, so
    writers queue here, where waiting costs nothing, instead of inside SQLite, where it costs a busy loop.
    """

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self._one_writer = asyncio.Lock()

    @property
    def kind(self) -> str:
        names = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
        return names.get(self.engine.dialect.name, self.engine.dialect.name)

    @property
    def address(self) -> str:
        """The URL without its password, for people."""
        return self.engine.url.render_as_string(hide_password=True)

    def migrate(self) -> None:
        """Bring the schema to the newest revision; safe to call at every start. Raises StorageFailed."""
        config = alembic.config.Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        with _told_in_plain_words(), self.engine.begin() as connection:
            config.attributes["connection"] = connection
            alembic.command.upgrade(config, "head")

    async def read(self, query: Callable[[Session], T]) -> T:
        """What ``query`` sees of the database is of one moment, however many statements it takes."""
        return await asyncio.to_thread(self._run, query, False)

    async def write(self, change: Callable[[Session], T]) -> T:
        """Run ``change`` in one transaction: committed as a whole, or not at all if it raises."""
        async with self._one_writer:
            return await asyncio.to_thread(self._run, change, True)

    def _run(self, work: Callable[[Session], T], commit: bool) -> T:
        with _told_in_plain_words(), Session(self.engine, expire_on_commit=False) as session:
            if not commit:
                self._begin_snapshot(session)
            try:
                result = work(session)
            except StopIteration as error:  # no future can carry it: who waits for this would wait for ever
                raise RuntimeError("a transaction ran out of what it went through") from error
            if commit:
                session.commit()
            return result

    def _begin_snapshot(self, session: Session) -> None:
        """SQLite's driver begins a transaction only before a change, PostgreSQL sees what others commit meanwhile."""
        if self.engine.dialect.name == "sqlite":
            session.connection().exec_driver_sql("BEGIN")
        else:
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})

    def close(self) -> None:
        self.engine.dispose()


@contextmanager
def _told_in_plain_words() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError, NoConnection) as error:
        raise StorageFailed(_in_plain_words(str(getattr(error, "orig", None) or error))) from error


def _in_plain_words(said: str) -> str:
    then = "What is under way goes on by itself then."
    if "full" in said or "No space left" in said:
        return f"The disk that the database is on is full. Free some space. {then}"
    if "locked" in said:
        return f"Another program keeps the database locked. Let it end. {then}"
    return f"The database cannot be used just now ({said[:200].strip()}). {then}"


def _engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"check_same_thread": False, "timeout": LOCKED_SECONDS})

    @event.listens_for(engine, "connect")
    def _configure(connection, _record) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")

    return engine
