"""Bundles on disk: whole or not at all, for the owner only, and never shared by two gateways."""

import pytest

from nexdeck.app.gateway.ground.store import BundleStore, DataDirInUse
from tests.gateway_process import bundle


@pytest.fixture
def store(tmp_path):
    store = BundleStore(tmp_path)
    yield store
    store.close()


def test_what_was_saved_last_is_there(store, tmp_path):
    one, two = bundle("one", "x = 1"), bundle("one", "x = 2", revision=2, environment={"KEY": "secret-value"})
    store.save("id-1", one)
    store.save("id-1", two)
    store.save("id-2", bundle("other", "ünï = '🎈'"))
    found = {stored.deployment_id: stored.bundle for stored in store.all()}
    assert found["id-1"] == two
    assert found["id-2"].module == "ünï = '🎈'"
    files = list((tmp_path / "deployments").iterdir())
    assert len(files) == 2
    assert all(file.stat().st_mode & 0o077 == 0 for file in files)


def test_forgetting_twice_is_fine(store):
    store.save("id-1", bundle("one", "x = 1"))
    store.forget("id-1")
    store.forget("id-1")
    assert list(store.all()) == []


def test_a_broken_file_is_reported_without_its_text(store, tmp_path):
    (tmp_path / "deployments" / "id-1.json").write_text('{"environment": {"KEY": "secret-value"')
    (stored,) = store.all()
    assert stored.bundle is None
    assert "cannot be read" in stored.error and "secret-value" not in stored.error


def test_half_written_files_are_removed_at_the_next_start(tmp_path):
    (tmp_path / "deployments").mkdir()
    (tmp_path / "deployments" / "id-1.writing").write_text("half")
    store = BundleStore(tmp_path)
    assert list((tmp_path / "deployments").iterdir()) == []
    store.close()


def test_a_folder_belongs_to_one_gateway(store, tmp_path):
    with pytest.raises(DataDirInUse):
        BundleStore(tmp_path)
    store.close()
    BundleStore(tmp_path).close()


@pytest.mark.parametrize("wrong", ["", "../x", "a/b", ".hidden", "a" * 129, "a\n"])
def test_ids_cannot_leave_the_folder(store, wrong):
    with pytest.raises(ValueError):
        store.save(wrong, bundle("one", "x = 1"))
