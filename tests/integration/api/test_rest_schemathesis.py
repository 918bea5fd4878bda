"""Schemathesis makes requests from our own OpenAPI document, valid and not: no 5xx, and no answer but as documented."""

import subprocess
import sys
from pathlib import Path

import httpx

# Not all that fits the schemas is accepted: a source must be YAML or Python, a sample must fit that agent's inputs.
SKIPPED_CHECKS = "positive_data_acceptance"
# They start processes, more than a fuzzer should; tests/integration/studio/test_local_gateways.py has them.
SLOW = ("add_gateway_v1_gateways_post", "restart_gateway_v1_gateways__gateway__restart_post")
# They send to whatever address they are given.
OUTBOUND = (
    "try_address_v1_notifications_test_post",
    "test_channel_v1_notifications_channels__channel__test_post",
)
SECONDS = 45  # beyond it fuzzing stops; the fixed cases before it take 10 to 20 s


def test_the_api_is_as_its_openapi_document_says(rest: httpx.Client, studio, deploy, tmp_path: Path) -> None:
    made = deploy("rest-schema")
    config = tmp_path / "schemathesis.toml"
    known = {
        "agent": made["deployment"]["agent"],
        "deployment": "rest-schema",
        "gateway": "local",
        "version": "1.0.0",
        "operation": made["operation"]["id"],
        "name": "REST_SCHEMA",
        "wait": 1,
    }
    config.write_text("[parameters]\n" + "".join(f"{name} = {value!r}\n" for name, value in known.items()))
    command = [
        *(str(Path(sys.executable).with_name("st")), "--config-file", str(config), "run"),
        *(f"{studio.url}/api/openapi.json", "--phases", "coverage,fuzzing", "--max-time", str(SECONDS)),
        *("--max-examples", "10", "--exclude-checks", SKIPPED_CHECKS, "--warnings", "off", "--no-color"),
        *("--exclude-path-regex", "/logs/stream$"),  # it has no end that a fuzzer could wait for
        *(word for name in (*SLOW, *OUTBOUND) for word in ("--exclude-operation-id", name)),
        *("--generation-database", "none", "--request-timeout", "60"),
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2000:]
    rest.delete("/secrets/REST_SCHEMA")
    for name in [item["name"] for item in rest.get("/deployments", params={"limit": 200}).json()["items"]]:
        if name != "rest-schema":
            rest.delete(f"/deployments/{name}", params={"wait": 60})
