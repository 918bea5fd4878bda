"""Load from wrk: one thread, sixteen connections, a few seconds, on this machine only."""

import json
import re
import shutil
import subprocess
import sys
import tempfile

SECONDS = 5
CONNECTIONS = 16


def require_wrk() -> None:
    if shutil.which("wrk") is None:
        sys.exit("The benchmarks need wrk (Debian: apt-get install wrk).")


def requests_per_second(url: str, body: dict, headers: dict[str, str] | None = None, seconds: int = SECONDS) -> float:
    """Successful requests per second of a POST with a JSON body. Raises when any answer was not a success."""
    if not url.startswith("http://127.0.0.1:"):
        raise ValueError("load goes to 127.0.0.1 only")
    headers = {"Content-Type": "application/json", **(headers or {})}
    lines = ['wrk.method = "POST"', f"wrk.body = {json.dumps(json.dumps(body))}"]
    lines += [f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}" for name, value in headers.items()]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write("\n".join(lines))
        script.flush()
        subprocess.run(_command(url, script.name, 1), check=True, capture_output=True)
        result = subprocess.run(_command(url, script.name, seconds), check=True, capture_output=True, text=True)
    if trouble := re.search(r"(Non-2xx.*|Socket errors.*)", result.stdout):
        raise RuntimeError(f"{url}: {trouble.group(1)}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", result.stdout).group(1))


def _command(url: str, script: str, seconds: int) -> list[str]:
    return ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", script, url]
