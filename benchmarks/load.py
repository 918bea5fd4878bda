"""Load from wrk: one thread, sixteen connections, a few seconds, on this machine only."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

SECONDS = 5
CONNECTIONS = 16
SCRIPT = Path(__file__).with_name("post.lua")


def require_wrk() -> None:
    if shutil.which("wrk") is None:
        sys.exit("The benchmarks need wrk (Debian: apt-get install wrk).")


def requests_per_second(url: str, body: dict, headers: dict[str, str] | None = None, seconds: int = SECONDS) -> float:
    """Successful requests per second of a POST with a JSON body, after a second of warming up.

    Raises when any answer was not a success. ``COUNTER`` as a value in the body counts the requests.
    """
    if not url.startswith("http://127.0.0.1:"):
        raise ValueError("load goes to 127.0.0.1 only")
    fields = {"Content-Type": "application/json", **(headers or {})}
    for duration in (1, seconds):
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{duration}s", "-s", str(SCRIPT)]
        command += [word for name, value in fields.items() for word in ("-H", f"{name}: {value}")]
        command += [url, "--", json.dumps(body)]
        result = subprocess.run(command, check=True, capture_output=True, text=True)
    if trouble := re.search(r"(Non-2xx.*|Socket errors.*)", result.stdout):
        raise RuntimeError(f"{url}: {trouble.group(1)}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", result.stdout).group(1))
