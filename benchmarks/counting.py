"""What counting every call costs: the same gateway with it and without, in turns."""

import tempfile
from statistics import median

import httpx

from benchmarks.load import requests_per_second
from benchmarks.processes import HTTP, ROOT, free_port, program, wait_for
from benchmarks.report import Figure
from benchmarks.throughput import BODY, TRIVIAL
from models.wire import CONTROL_PREFIX, Channel, Manifest, RevisionBundle, hash_of

TOKEN = "the-benchmark-s-own"
TURNS = 3


def recording() -> list[Figure]:
    with_it, without = [], []
    for _ in range(TURNS):
        with_it.append(_throughput("app.gateway"))
        without.append(_throughput("benchmarks.servers.unmetered_gateway"))
    ours, bare = median(with_it), median(without)
    name = "POST /workflows/{name}/execute, calls counted"
    return [Figure(name, ours, "requests/s", "counting off", bare, "≥ 0.95 ×", ours >= 0.95 * bare)]


def _throughput(module: str) -> float:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="nexdeck-bench-") as folder:
        options = ("--port", str(port), "--data-dir", folder)
        with program("-m", module, *options, NEXDECK_GATEWAY_TOKEN=TOKEN, PYTHONPATH=str(ROOT)) as process:
            wait_for(f"{url}/readyz", process)
            _deploy(url)
            return requests_per_second(f"{url}/workflows/trivial/execute", BODY)


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
