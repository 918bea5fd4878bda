"""From the start of the process to the first page and to the first successful call of an agent, on an empty folder."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.processes import HTTP, ROOT, Nexdeck, free_port, program, wait_for
from benchmarks.report import Figure
from benchmarks.throughput import BODY, TRIVIAL


def start_times() -> list[Figure]:
    port = free_port()
    began = time.perf_counter()
    with program("benchmarks/servers/bare_nicegui.py", str(port)) as process:
        wait_for(f"http://127.0.0.1:{port}/", process)
        bare_page = time.perf_counter() - began
    port, mcp_port = free_port(), free_port()
    began = time.perf_counter()
    with program("benchmarks/servers/plain_nexus.py", str(port), str(mcp_port)) as process:
        wait_for(f"http://127.0.0.1:{port}/health", process)
        HTTP.post(f"http://127.0.0.1:{port}/workflows/trivial/execute", json=BODY).raise_for_status()
        bare_call = time.perf_counter() - began
    page, call = _ours()
    return [
        Figure(
            "process start to the first page", page, "s", "the smallest NiceGUI page", bare_page, "≤ 3 s", page <= 3
        ),
        Figure(
            "process start to the first agent call",
            call,
            "s",
            "bare Nexus, handler built in",
            bare_call,
            "≤ 6 s",
            call <= 6,
        ),
    ]


def _ours() -> tuple[float, float]:
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="nexdeck-bench-") as folder:
        settings = {"NEXDECK_PORT": str(port), "NEXDECK_DATA_DIR": folder, "NEXDECK_GATEWAY_PORT": str(free_port())}
        began = time.perf_counter()
        with program("-m", "nexdeck.app.cli", "serve", **settings) as process:
            url = f"http://127.0.0.1:{port}"
            wait_for(f"{url}/", process)
            page = time.perf_counter() - began
            wait_for(f"{url}/readyz", process)
            studio = Nexdeck(process, url, Path(folder))
            studio.add_agent("trivial", TRIVIAL)
            deployed = studio.deploy("trivial")
            HTTP.post(deployed["api_endpoint"], json=BODY).raise_for_status()
            return page, time.perf_counter() - began


def warm_caches() -> None:
    """Compiled modules and a warm file cache are what every start but the first has."""
    subprocess.run(
        [sys.executable, "-c", "import nexdeck.app.web, nexdeck.app.gateway.__main__"], cwd=ROOT, check=False
    )
