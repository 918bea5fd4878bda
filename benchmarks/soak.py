"""``make soak``: 500 times deployed and undeployed; nothing may be more at the end, but a history within its bounds."""

import sys
import tempfile
import time
from pathlib import Path

from benchmarks.throughput import TRIVIAL
from tests.growth import Holdings, grown, holdings, slope
from tests.programs import Studio, running_studio

CYCLES = 500
WARM = 100  # cycles until caches are full
EVERY = 50
MOST_KB = 20.0  # a cycle; less cannot be told from noise


def main() -> int:
    bounds = {"NEXDECK_HISTORY_DAYS": "0.0001", "NEXDECK_HISTORY_OPERATIONS": "2"}
    with (
        tempfile.TemporaryDirectory(prefix="nexdeck-soak-") as folder,
        running_studio(Path(folder), **bounds) as studio,
    ):
        studio.http.post("/api/v1/agents", json={"filename": "trivial.py", "source": TRIVIAL}).raise_for_status()
        seen = _cycles(studio)
    places = list(seen)
    failed = []
    for name in ("nexdeck_mb", "gateway_mb"):
        kilobytes = slope(places, [getattr(held, name) for held in seen.values()])
        failed += [name] if kilobytes > MOST_KB else []
        print(f"{name}: {getattr(seen[places[-1]], name):.1f} MB at the end, {kilobytes:+.1f} KB a cycle")
    more = grown(seen[places[0]], seen[places[-1]])
    print(f"grown from cycle {places[0]} to {places[-1]}: {more or 'nothing'}")
    print(f"rows of the history: {sum(seen[places[0]].rows.values())} then, {sum(seen[places[-1]].rows.values())} now")
    return 1 if failed or more else 0


def _cycles(studio: Studio) -> dict[int, Holdings]:
    """What is held after so many cycles."""
    seen = {}
    began = time.monotonic()
    for number in range(1, CYCLES + 1):
        cycle(studio)
        if number >= WARM and number % EVERY == 0:
            seen[number] = holdings(studio.url, studio.process.pid, studio.data_dir)
            print(f"{number} cycles in {time.monotonic() - began:.0f} s", flush=True)
    return seen


def cycle(studio: Studio) -> None:
    """Deploy, and undeploy again. Raises RuntimeError when either fails."""
    body = {"agent": "trivial", "options": {"channels": ["api", "mcp"]}}
    up = studio.http.post("/api/v1/deployments", params={"wait": 60}, json=body).json()
    down = studio.http.delete(f"/api/v1/deployments/{up['deployment']['id']}", params={"wait": 60}).json()
    for change in (up, down):
        if change["operation"]["status"] != "succeeded":
            raise RuntimeError(change["operation"])


if __name__ == "__main__":
    sys.exit(main())
