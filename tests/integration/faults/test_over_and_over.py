"""The same again and again, under load: no caller notices, and nothing is left behind. `make soak` does more of it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.gateway_process import wait_for
from tests.growth import grown, holdings, slope
from tests.integration.studio.conftest import echo_source
from tests.integration.studio.test_lifecycle import change, deploy
from tests.programs import Studio

CLIENTS = 16
REDEPLOYS, ROLLBACKS = 30, 10
CYCLES, WARM = 100, 40
MOST_KB = 150.0  # of memory a cycle, in so few cycles; a lost module or route would be more


@pytest.fixture(scope="module")
def again(studio: Studio) -> str:
    """The name of an agent in the catalog."""
    source = echo_source().replace("def echo", "def again")
    studio.http.post("/api/v1/agents", json={"filename": "again.py", "source": source}).raise_for_status()
    return "again"


@contextmanager
def callers(url: str) -> Iterator[list[str]]:
    """Clients that call all the while, each in a thread; the list is what each call answered."""
    answers: list[str] = []
    over = threading.Event()

    def client() -> None:
        with httpx.Client(trust_env=False, timeout=60) as http:
            while not over.is_set():
                try:
                    answers.append(str(http.post(url, json={"inputs": {"text": "x"}}).status_code))
                except httpx.TransportError as error:
                    answers.append(repr(error))
                over.wait(0.1)

    threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        yield answers
    finally:
        over.set()
        for thread in threads:
            thread.join()


def test_no_call_fails_while_it_is_redeployed_and_rolled_back_again_and_again(studio: Studio, again: str) -> None:
    row = deploy(studio, again, "over-and-over", channels=["api"])["deployment"]
    with callers(row["api_endpoint"]) as answers:
        for kind in (*["redeploy"] * REDEPLOYS, *["rollback"] * ROLLBACKS):
            done = change(studio, "POST", f"deployments/{row['id']}/{kind}", {"reason": "over and over"})
            assert done["operation"]["status"] == "succeeded", done
        wait_for(lambda: len(answers) > 10 * CLIENTS, 60)
    assert set(answers) == {"200"}


def test_nothing_grows_while_it_is_deployed_and_undeployed_again_and_again(studio: Studio, again: str) -> None:
    seen = {}
    for number in range(1, CYCLES + 1):
        row = deploy(studio, again, "come-and-gone", channels=["api"])["deployment"]
        assert change(studio, "DELETE", f"deployments/{row['id']}")["operation"]["status"] == "succeeded"
        if number >= WARM and number % 10 == 0:
            seen[number] = holdings(studio.url, studio.process.pid, studio.data_dir)
    first, last = seen[WARM], seen[CYCLES]
    assert grown(first, last) == {}
    for name in ("nexdeck_mb", "gateway_mb"):
        assert slope(list(seen), [getattr(held, name) for held in seen.values()]) < MOST_KB, (name, seen)
