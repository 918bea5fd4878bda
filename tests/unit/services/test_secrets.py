"""Secrets are encrypted at rest, named clearly when missing, and never guessable from the database."""

import stat

import pytest

from nexdeck.services.errors import InvalidInput, NotFound
from nexdeck.services.platform.database import Database
from nexdeck.services.platform.secrets import SecretVault
from tests.actors import ACTOR, acting


@pytest.fixture
def database(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'test.db'}")
    database.migrate()
    yield database
    database.close()


@pytest.fixture
def vault(database, tmp_path) -> SecretVault:
    return SecretVault(database, tmp_path / "secret.key")


async def test_a_value_is_stored_replaced_read_and_deleted(vault: SecretVault) -> None:
    await vault.put("API_KEY", "first", actor=acting("ann"))
    await vault.put("API_KEY", "sëcond 🔑", actor=acting("bob"))
    assert await vault.values(["API_KEY"]) == {"API_KEY": "sëcond 🔑"}
    assert [(s.name, s.updated_by) for s in await vault.names(actor=ACTOR)] == [("API_KEY", "bob")]
    await vault.delete("API_KEY", actor=acting("ann"))
    with pytest.raises(NotFound):
        await vault.delete("API_KEY", actor=acting("ann"))


async def test_neither_the_database_nor_its_journal_holds_the_value(vault: SecretVault, tmp_path) -> None:
    await vault.put("API_KEY", "correct-horse-battery", actor=acting("ann"))
    assert not any(b"correct-horse" in path.read_bytes() for path in tmp_path.iterdir())
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600


async def test_every_missing_secret_is_named(vault: SecretVault) -> None:
    await vault.put("ONE", "1", actor=acting("ann"))
    with pytest.raises(InvalidInput, match="THREE, TWO") as caught:
        await vault.values(["ONE", "TWO", "THREE"])
    assert caught.value.code == "missing_secret"


@pytest.mark.parametrize(
    ("name", "value"), [("1X", "v"), ("A-B", "v"), ("", "v"), ("OK", ""), ("OK", "a\0b"), ("OK", "x" * 70_000)]
)
async def test_bad_names_and_values_are_refused_without_an_echo(vault: SecretVault, name: str, value: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        await vault.put(name, value, actor=acting("ann"))
    assert "x" * 100 not in str(caught.value)


async def test_another_key_file_is_explained(vault: SecretVault, database: Database, tmp_path) -> None:
    await vault.put("API_KEY", "v", actor=acting("ann"))
    other = SecretVault(database, tmp_path / "other.key")
    with pytest.raises(InvalidInput, match=r"secret\.key"):
        await other.values(["API_KEY"])
