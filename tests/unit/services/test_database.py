"""Migrations make what the models say, and transactions are whole or nothing."""

import asyncio
from pathlib import Path

import alembic.autogenerate
import alembic.migration
import pytest
from sqlmodel import Session, SQLModel, select

from nexdeck.models.agent import Agent
from nexdeck.services.platform.database import Database


@pytest.fixture
def database(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'test.db'}")
    database.migrate()
    yield database
    database.close()


def test_the_migrations_and_the_models_say_the_same(database: Database) -> None:
    with database.engine.connect() as connection:
        # the full-text index is SQLite's own business: tables that no model describes
        ours = {"include_name": lambda name, kind, _: kind != "table" or not name.startswith("log_search")}
        context = alembic.migration.MigrationContext.configure(connection, opts=ours)
        assert alembic.autogenerate.compare_metadata(context, SQLModel.metadata) == []


def test_migrating_again_changes_nothing(database: Database) -> None:
    database.migrate()


async def test_a_write_that_raises_leaves_nothing(database: Database) -> None:
    def half(session) -> None:
        session.add(Agent(name="half-done", created_by="test"))
        session.flush()
        raise ValueError("power cut")

    with pytest.raises(ValueError, match="power cut"):
        await database.write(half)
    assert await database.read(lambda session: session.exec(select(Agent)).all()) == []


async def test_whatever_is_raised_ends_the_transaction(database: Database) -> None:
    async with asyncio.timeout(10):
        with pytest.raises(RuntimeError):
            await database.write(lambda _: next(iter(())))
        assert await database.write(lambda session: session.exec(select(Agent)).all()) == []


async def test_times_come_back_aware(database: Database) -> None:
    await database.write(lambda session: session.add(Agent(name="a", created_by="test")))
    row = await database.read(lambda session: session.exec(select(Agent)).one())
    assert row.created_at.utcoffset().total_seconds() == 0


async def test_a_read_sees_one_moment(database: Database, tmp_path: Path) -> None:
    another = Database(f"sqlite:///{tmp_path / 'test.db'}")

    def add_meanwhile() -> None:
        with Session(another.engine) as session:
            session.add(Agent(name="meanwhile", created_by="test"))
            session.commit()

    def twice(session: Session) -> list[int]:
        before = len(session.exec(select(Agent)).all())
        add_meanwhile()
        return [before, len(session.exec(select(Agent)).all())]

    assert await database.read(twice) == [0, 0]
    assert len(await database.read(lambda session: session.exec(select(Agent)).all())) == 1
    another.close()
