"""Nexdeck with the sample agents deployed and a little traffic: ``make demo``. Ends with Ctrl-C."""

import os
import random
import subprocess
import sys
import tempfile
import time
from contextlib import suppress

import httpx

from nexdeck.services.catalog.samples import sample_sources

URL = f"http://{os.environ.get('NEXDECK_HOST', '127.0.0.1')}:{os.environ.get('NEXDECK_PORT', '8400')}"


def wait_until_ready(http: httpx.Client, server: subprocess.Popen) -> None:
    while server.poll() is None:
        try:
            if http.get("/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    sys.exit(server.returncode)


def deploy_samples(http: httpx.Client) -> list[dict]:
    """Import every sample that is not there yet and deploy those that need no secret; what runs is left alone."""
    for filename, source in sample_sources():
        answer = http.post("/api/v1/agents", json={"filename": filename, "source": source})
        if answer.status_code not in (201, 409):
            print(f"{filename}: {answer.json()['detail']}")
    for agent in http.get("/api/v1/agents", params={"limit": 100}).json()["items"]:
        answer = http.post("/api/v1/deployments", params={"wait": 60}, json={"agent": agent["name"]})
        if answer.status_code == 202:
            print(f"{agent['name']}: {answer.json()['operation']['status']}")
        elif answer.status_code != 409:
            print(f"{agent['name']}: {answer.json()['detail']}")
    items = http.get("/api/v1/deployments", params={"status": "running", "limit": 100}).json()["items"]
    return [http.get(f"/api/v1/deployments/{item['id']}").json() for item in items]


def main() -> None:
    folder = os.environ.get("NEXDECK_DATA_DIR") or tempfile.mkdtemp(prefix="nexdeck-demo-")
    command = [sys.executable, "-m", "nexdeck.app.cli", "serve"]
    server = subprocess.Popen(command, env=os.environ | {"NEXDECK_DATA_DIR": folder})
    try:
        with httpx.Client(base_url=URL, timeout=90, trust_env=False) as http:
            wait_until_ready(http, server)
            deployed = deploy_samples(http)
            print(f"{len(deployed)} agents are live; sending each a call now and then. Open {URL}", flush=True)
            while server.poll() is None:
                target = random.choice(deployed)
                with suppress(httpx.TransportError):  # a gateway that is down is part of the show
                    http.post(target["api_endpoint"], json={"inputs": target["sample"]}, timeout=5)
                time.sleep(random.expovariate(3))
    except KeyboardInterrupt:
        pass
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
