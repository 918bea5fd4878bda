"""What counting every call costs: one gateway under load, with its counting on and off in many short turns."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

import httpx

from benchmarks.load import requests_per_second
from benchmarks.processes import HTTP, ROOT, free_port, program, wait_for
from benchmarks.report import Figure
from benchmarks.throughput import BODY, TRIVIAL
from nexdeck.models.choices import Channel
from nexdeck.models.control import CONTROL_PREFIX
from nexdeck.models.manifest import Manifest, RevisionBundle, hash_of

TOKEN = "the-benchmark-s-own"
SECONDS = 30
WARM_TURNS = 50
Turn = dict[str, float]  # see ``benchmarks.servers.switched_gateway``


def recording() -> list[Figure]:
    turns = _turns()
    on, off = ([turn for turn in turns if turn["counting"] is counting] for counting in (True, False))
    rate, cpu = _middle(on, _rate), _middle(on, _cpu_of_a_call)
    rate_off, cpu_off = _middle(off, _rate), _middle(off, _cpu_of_a_call)
    name = "POST /workflows/{name}/execute, calls counted"
    return [
        Figure(name, rate, "requests/s", "off", rate_off, "≥ 0.95 ×", rate >= 0.95 * rate_off, _noise(on, _rate)),
        Figure(
            f"{name}: CPU of a call",
            cpu,
            "µs",
            "off",
            cpu_off,
            "≤ 1.05 ×",
            cpu <= 1.05 * cpu_off,
            _noise(on, _cpu_of_a_call),
        ),
    ]


def _turns() -> list[Turn]:
    """Those in which calls were answered, without the first second."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="nexdeck-bench-") as folder:
        notes = Path(folder, "turns")
        options = (str(notes), "--port", str(port), "--data-dir", folder)
        environment = {"NEXDECK_GATEWAY_TOKEN": TOKEN, "PYTHONPATH": str(ROOT)}
        with program("-m", "benchmarks.servers.switched_gateway", *options, **environment) as process:
            wait_for(f"{url}/readyz", process)
            _deploy(url)
            requests_per_second(f"{url}/workflows/trivial/execute", BODY, seconds=SECONDS)
        turns = [json.loads(line) for line in notes.read_text().splitlines()]
    return [turn for turn in turns if turn["calls"]][WARM_TURNS:]


def _rate(turn: Turn) -> float:
    return turn["calls"] / turn["seconds"]


def _cpu_of_a_call(turn: Turn) -> float:
    return turn["cpu"] / turn["calls"] * 1_000_000


def _middle(turns: list[Turn], of: Callable[[Turn], float]) -> float:
    return median(map(of, turns))


def _noise(turns: list[Turn], of: Callable[[Turn], float]) -> str:
    """What the same comparison says of two halves that do not differ."""
    return f"on against on: {_middle(turns[::2], of) / _middle(turns[1::2], of):.3f}"


def _deploy(url: str) -> None:
    any_object, channels = {"type": "object"}, list(Channel)
    manifest = Manifest(
        agent="trivial",
        version="1.0.0",
        kind="python",
        input_schema=any_object,
        output_schema=any_object,
        channels=channels,
    )
    bundle = RevisionBundle(
        name="trivial", revision=1, sha256=hash_of(TRIVIAL), module=TRIVIAL, manifest=manifest, environment={}
    )
    headers = {"Authorization": f"Bearer {TOKEN}"}
    one = f"{url}{CONTROL_PREFIX}/deployments/dep_1"
    live = {"revision": 1, "sha256": bundle.sha256}
    answers: list[httpx.Response] = [
        HTTP.put(f"{one}/revisions/1", content=bundle.model_dump_json(), headers=headers),
        HTTP.put(f"{one}/live", json=live, headers=headers),
    ]
    for answer in answers:
        answer.raise_for_status()
