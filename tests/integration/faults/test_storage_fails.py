"""A full disk and a locked database: told in plain words, nothing lost, and it goes on by itself when that is over."""

import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from tests.integration.faults.proxy import Fault
from tests.integration.faults.site import Site
from tests.integration.studio.conftest import echo_source
from tests.programs import running_studio

MOUNT = shutil.which("mount")
FILLER = "filler"


def can_mount() -> bool:
    """Root may, unless a container forbids it."""
    if sys.platform != "linux" or MOUNT is None:
        return False
    return (
        subprocess.run(["unshare", "--mount", MOUNT, "-t", "tmpfs", "none", "/mnt"], capture_output=True).returncode
        == 0
    )


needs_small_disk = pytest.mark.skipif(not can_mount(), reason="a small disk can be mounted by root only")


@contextmanager
def small_disk(place: Path, megabytes: int) -> Iterator[Path]:
    place.mkdir(parents=True, exist_ok=True)
    subprocess.run([MOUNT, "-t", "tmpfs", "-o", f"size={megabytes}m", "none", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(disk: Path) -> None:
    with (disk / FILLER).open("ab", buffering=0) as file:
        for size in (65536, 4096, 1):
            with suppress(OSError):
                while True:
                    file.write(b"\0" * size)


@needs_small_disk
def test_a_gateway_whose_disk_is_full_changes_nothing_says_so_and_goes_on(place: Site) -> None:
    row = place.deploy_all(["disk-gateway"])["disk-gateway"]
    with small_disk(place.gateway.data_dir / "deployments", 1) as disk:
        fill(disk)
        operation = place.begin("redeploy", row)

        def said() -> str:
            steps = place.operation(operation)["steps"]
            return str(next(step["message"] for step in steps if step["name"] == "switch"))

        place.eventually(lambda: "No space left on device" in said(), "the full disk is not told")
        assert place.serves(row)
        (disk / FILLER).unlink()
        place.eventually(lambda: place.operation(operation)["status"] == "succeeded", "it does not go on")
        assert "No space left on device" in said()
        assert [file.name for file in disk.iterdir()] == [f"{row['id']}.json"]
        shutil.copy(disk / f"{row['id']}.json", place.gateway.data_dir / "stored.json")
    (place.gateway.data_dir / "stored.json").replace(place.gateway.data_dir / "deployments" / f"{row['id']}.json")
    assert place.serves(place.read(row))


def test_a_database_that_is_locked_for_a_while_delays_and_loses_nothing(place: Site) -> None:
    rows = place.deploy_all(["locked-1", "locked-2"])
    held = [place.proxy.put("register", Fault.SILENT, row) for row in rows.values()]
    operations = [place.begin("redeploy", row) for row in rows.values()]
    assert all(trouble.met.wait(30) for trouble in held)
    other = sqlite3.connect(place.studio.data_dir / "nexdeck.db", isolation_level=None, timeout=30)
    other.execute("BEGIN IMMEDIATE")
    place.proxy.end()
    try:
        path = f"{place.studio.url}/api/v1/secrets/LOCKED"
        refused = httpx.put(path, json={"value": "x"}, timeout=90, trust_env=False)  # after ten seconds
        assert (refused.status_code, refused.json()["code"]) == (503, "storage_failed")
        assert "keeps the database locked" in refused.json()["detail"]
        assert all(place.serves(row) for row in rows.values())
        assert place.read(rows["locked-1"])["name"] == "locked-1", "reading goes on"
    finally:
        other.execute("ROLLBACK")
        other.close()
    for operation in operations:
        place.eventually(lambda o=operation: place.operation(o)["status"] == "succeeded", "it does not go on")
    assert all(place.serves(row) for row in rows.values())
    log = place.studio.log.read_text()
    assert "keeps the database locked" in log
    assert "Traceback" not in log


@needs_small_disk
def test_a_database_whose_disk_is_full_delays_and_loses_nothing(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 3) as disk:
        url = f"sqlite:///{disk / 'nexdeck.db'}"
        with running_studio(tmp_path / "studio", NEXDECK_DATABASE_URL=url) as studio:
            agent = {"filename": "echo.py", "source": echo_source()}
            studio.http.post("/api/v1/agents", json=agent).raise_for_status()
            body = {"agent": "echo", "options": {"channels": ["api"]}}
            row = studio.http.post("/api/v1/deployments", params={"wait": 60}, json=body).json()["deployment"]
            operation = studio.http.post(f"/api/v1/deployments/{row['id']}/restart").json()["operation"]
            fill(disk)
            deadline = time.monotonic() + 60
            while (refused := studio.http.put("/api/v1/secrets/FULL", json={"value": "x" * 60_000})).is_success:
                fill(disk)
                assert time.monotonic() < deadline
            assert (refused.status_code, refused.json()["code"]) == (503, "storage_failed")
            assert "is full. Free some space" in refused.json()["detail"]
            (disk / FILLER).unlink()
            while studio.http.get(f"/api/v1/operations/{operation['id']}").json()["status"] != "succeeded":
                assert time.monotonic() < deadline + 60
                time.sleep(0.1)
            answer = httpx.post(row["api_endpoint"], json={"inputs": {"text": "x"}}, trust_env=False)
            assert answer.status_code == 200
            assert "Traceback" not in studio.log.read_text()
