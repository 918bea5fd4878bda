"""Logs under load: what collecting and showing them costs the server, whether any is lost, and how fast a search is."""

import asyncio
import os
import random
import signal
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright
from sqlmodel import Session, insert, text

from benchmarks.processes import HTTP, Nexdeck, nexdeck
from benchmarks.report import Figure
from nexdeck.app.build import build_studio
from nexdeck.app.settings import Settings
from nexdeck.models.base import now
from nexdeck.models.log import LogRecord
from nexdeck.services.logs.search import add_to_index
from nexdeck.services.logs.service import LogQuery
from nexdeck.services.studio import Studio
from tests.actors import ACTOR
from tests.stored import stored_deployment
from tests.system import browser

TALKER = '''"""Writes lines at a steady pace."""
import asyncio
import time

SAMPLE = {"rate": 10, "seconds": 0.1}


async def talking(rate: int, seconds: float) -> dict:
    """Prints so many lines a second for so long."""
    begin, said, total = time.monotonic(), 0, int(rate * seconds)
    while said < total:
        due = min(total, int((time.monotonic() - begin) * rate))
        for number in range(said, due):
            print(f"steady line {number} of the talker, with some words as lines have them, user=4711 took=12ms")
        said = due
        await asyncio.sleep(0.02)
    return {"lines": said}
'''
LINES = 1_000_000
WORDS = [f"word{number}" for number in range(2_000)]
SEARCHES = 40
VIEWED, COLLECTED = 1_000, 5_000  # lines a second
MEASURED_SECONDS, OUTAGE_SECONDS = 15.0, 60.0
LAST_LINE = f"steady line {int(VIEWED * (MEASURED_SECONDS + 3)) - 1} of"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]


@dataclass
class _Watched:
    """The sockets that were dropped, and how many tabs showed the last line in the end."""

    dropped: list[str] = field(default_factory=list)
    saw_all: int = 0


def logs() -> list[Figure]:
    limits = {"timeout_seconds": 300}
    with nexdeck(NEXDECK_LOG_LINES=str(LINES)) as studio:
        studio.add_agent("talking", TALKER)
        talker = studio.deploy("talking", limits=limits)
        idle = _cpu_share(studio, MEASURED_SECONDS)
        figures = [_collection(studio, talker, idle), *_viewers(studio, talker, idle), _outage(studio, talker)]
    return [*figures, asyncio.run(_search())]


def _collection(studio: Nexdeck, talker: dict, idle: float) -> Figure:
    with _talking(talker, COLLECTED, MEASURED_SECONDS + 3):
        time.sleep(2)
        share = _cpu_share(studio, MEASURED_SECONDS)
    name = f"collecting {COLLECTED:,} lines/s from one gateway, of a core"
    return Figure(name, share, "%", "idle", idle, "≤ 25 %", share <= 25)


def _viewers(studio: Nexdeck, talker: dict, idle: float) -> Iterator[Figure]:
    """What viewers cost is what the server uses with them beyond what it uses without, under the same load."""
    address = f"{studio.url}/deployments/{talker['id']}?tab=logs"
    with _talking(talker, VIEWED, MEASURED_SECONDS + 3):
        time.sleep(2)
        alone = _cpu_share(studio, MEASURED_SECONDS)
    for viewers, most in ((1, 5), (10, 10)):
        with _watching(address, viewers) as watched, _talking(talker, VIEWED, MEASURED_SECONDS + 3):
            time.sleep(2)
            share = _cpu_share(studio, MEASURED_SECONDS) - alone
        name = f"{viewers} viewer{'s' if viewers > 1 else ''} at {VIEWED:,} lines/s, of a core"
        note = f"{len(watched.dropped)} sockets dropped, {watched.saw_all} saw the last line; idle {idle:.1f} %"
        met = share <= most and not watched.dropped and watched.saw_all == viewers
        yield Figure(name, share, "%", "the same load, nobody watching", alone, f"≤ {most} %, none dropped", met, note)


def _outage(studio: Nexdeck, talker: dict) -> Figure:
    before = _count(studio, talker)
    with _talking(talker, COLLECTED, OUTAGE_SECONDS) as answers:
        os.kill(studio.process.pid, signal.SIGSTOP)
        try:
            time.sleep(OUTAGE_SECONDS + 1)
        finally:
            os.kill(studio.process.pid, signal.SIGCONT)
    written = answers[0].json()["outputs"]["agent"]["result"]["lines"]
    began = time.perf_counter()
    while not _found(studio, talker, f"steady line {written - 1} of") and time.perf_counter() - began < 60:
        time.sleep(0.2)
    seconds = time.perf_counter() - began
    found = _count(studio, talker) - before
    name = f"lines lost over {OUTAGE_SECONDS:.0f} s without the control plane, {COLLECTED:,} lines/s"
    note = f"caught up with {found:,} in {seconds:.1f} s"
    return Figure(name, written - found, "lines", "written", written, "0", found == written, note)


async def _search() -> Figure:
    with tempfile.TemporaryDirectory(prefix="nexdeck-bench-") as folder:
        studio = build_studio(Settings(data_dir=Path(folder), log_lines=LINES))
        try:
            deployment_id = await _filled(studio)
            picked = random.Random(7).sample(WORDS, SEARCHES)
            ours = await _median_ms(
                lambda word: studio.logs.history(deployment_id, LogQuery(q=word), actor=ACTOR), picked
            )
            like = text("SELECT id FROM log_record WHERE message LIKE :word ORDER BY id DESC LIMIT 100")
            scan = await _median_ms(
                lambda word: studio.database.read(lambda s: s.execute(like, {"word": f"% {word}x"}).all()), picked[:3]
            )
        finally:
            await studio.stop()
    return Figure(f"search of a word in {LINES:,} lines, median", ours, "ms", "LIKE", scan, "≤ 100 ms", ours <= 100)


async def _median_ms(search: Callable, words: list[str]) -> float:
    times = []
    for word in words:
        began = time.perf_counter()
        await search(word)
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


async def _filled(studio: Studio) -> str:
    deployment = await stored_deployment(studio, "searched")
    deployment_id, chance = deployment.id, random.Random(1)
    origin = {
        "deployment_id": deployment_id,
        "gateway_id": deployment.gateway_id,
        "boot_id": "b",
        "level": "INFO",
        "logger": "x",
    }
    for first in range(1, LINES + 1, 20_000):
        at = now()
        rows = [
            {**origin, "id": n, "cursor": n, "time": at, "message": " ".join(["line", *chance.choices(WORDS, k=8)])}
            for n in range(first, first + 20_000)
        ]

        def write(session: Session, rows: list[dict] = rows, first: int = first) -> None:
            session.connection().execute(insert(LogRecord.__table__), rows)
            add_to_index(session, first)

        await studio.database.write(write)
    return deployment_id


@contextmanager
def _talking(talker: dict, rate: int, seconds: float) -> Iterator[list]:
    answers: list = []

    def call() -> None:
        body = {"inputs": {"rate": rate, "seconds": seconds}}
        answers.append(HTTP.post(talker["api_endpoint"], json=body, timeout=seconds + 60))

    thread = threading.Thread(target=call)
    thread.start()
    try:
        yield answers
    finally:
        thread.join()


@contextmanager
def _watching(address: str, viewers: int) -> Iterator["_Watched"]:
    """So many browser tabs on the log, following."""
    watched = _Watched()
    with sync_playwright() as playwright:
        chromium: Browser = playwright.chromium.launch(executable_path=browser(), args=ARGUMENTS)
        pages = [chromium.new_page() for _ in range(viewers)]
        for page in pages:
            page.on("websocket", lambda socket: socket.on("close", lambda s: watched.dropped.append(s.url)))
            page.goto(address)
            page.get_by_text("Following").wait_for()
        yield watched
        for page in pages:
            page.bring_to_front()
            page.get_by_text(LAST_LINE).wait_for(timeout=30_000)
            watched.saw_all += 1
        watched.dropped = list(watched.dropped)  # the browser's end closes the others
        chromium.close()


def _cpu_share(studio: Nexdeck, seconds: float) -> float:
    """Percent of one core that the server used in the seconds from now on."""
    before = _cpu_seconds(studio.process.pid)
    time.sleep(seconds)
    return (_cpu_seconds(studio.process.pid) - before) / seconds * 100


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _found(studio: Nexdeck, talker: dict, words: str) -> bool:
    return bool(HTTP.get(f"{studio.url}/api/v1/deployments/{talker['id']}/logs", params={"q": words}).json()["items"])


def _count(studio: Nexdeck, talker: dict) -> int:
    lines = HTTP.get(
        f"{studio.url}/api/v1/deployments/{talker['id']}/logs", params={"format": "text", "q": "steady line"}
    )
    return lines.text.count("\n")
