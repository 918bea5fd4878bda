"""One trace runs from a caller's ``traceparent`` through the control plane and the gateway to the agent."""

import subprocess
import sys
from pathlib import Path

from nexdeck.models.choices import Channel
from tests.gateway_process import gateway_process, wait_for
from tests.integration.collector import Collector, SeenSpan, collector
from tests.programs import ROOT, running_studio

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = "00f067aa0ba902b7"
TRACEPARENT = {"traceparent": f"00-{TRACE}-{CALLER}-01"}
ECHO = '''"""Echo."""
__version__ = "1.0.0"
SAMPLE = {"text": "sample-input"}


def echo(text: str) -> str:
    """Say it again."""
    if text == "fail":
        raise RuntimeError("the-message-of-the-failure")
    return f"output-of-{text}"
'''
EVERY_SECOND = {"OTEL_BSP_SCHEDULE_DELAY": "100"}  # the SDK's own setting: how long spans wait for company


def path_to(span: SeenSpan, spans: list[SeenSpan]) -> list[str]:
    """Service and name of each span from the caller's down to this one."""
    by_id = {each.span_id: each for each in spans}
    names = []
    while span is not None:
        names.append(f"{span.service}: {span.name}")
        root, span = span, by_id.get(span.parent_id)
    assert root.parent_id == CALLER
    return names[::-1]


def agents_of(found: Collector) -> list[SeenSpan]:
    return [span for span in found.of_trace(TRACE) if span.name == "agent echo"]


def test_a_deploy_is_one_trace_from_the_caller_to_the_agent(tmp_path: Path) -> None:
    with (
        collector() as found,
        running_studio(tmp_path, NEXDECK_OTLP_ENDPOINT=found.endpoint, **EVERY_SECOND) as studio,
    ):
        studio.http.post("/api/v1/agents", json={"filename": "echo.py", "source": ECHO}).raise_for_status()
        body = {"agent": "echo"}
        answer = studio.http.post("/api/v1/deployments?wait=60&secret=query", json=body, headers=TRACEPARENT)
        assert answer.json()["operation"]["status"] == "succeeded", answer.text
        deployment = answer.json()["deployment"]
        wait_for(lambda: len(agents_of(found)) >= 2 and any("/api/" in s.name for s in found.of_trace(TRACE)))
    spans = found.of_trace(TRACE)
    by_channel = {span.attributes["nexdeck.channel"]: span for span in agents_of(found)}
    assert set(by_channel) == {Channel.API, Channel.MCP}
    assert path_to(by_channel["api"], spans) == [
        "nexdeck: POST /api/v1/deployments",
        "nexdeck: POST gateway",
        "nexdeck-gateway: POST /workflows/{name}/execute",
        "nexdeck-gateway: agent echo",
    ]
    assert path_to(by_channel["mcp"], spans)[-2:] == [
        "nexdeck-gateway: POST /mcp/{name}",
        "nexdeck-gateway: agent echo",
    ]
    attributes = by_channel["api"].attributes
    assert attributes["nexdeck.deployment.id"] == deployment["id"]
    assert (attributes["nexdeck.revision"], attributes["nexdeck.status"]) == (1, 200)
    said = repr(found.spans)
    assert not [word for word in ("sample-input", "output-of-", "Bearer", "secret=query") if word in said]
    assert not [s for s in found.spans if "/control" in s.name and not s.parent_id]


def test_a_call_to_a_gateway_is_traced_and_its_failure_says_only_its_code(tmp_path: Path) -> None:
    with collector() as found:
        with gateway_process(tmp_path, "--otlp-endpoint", found.endpoint, env=EVERY_SECOND) as gateway:
            gateway.deploy("echo", ECHO)
            assert gateway.call("echo", {"text": "private-words"}, **TRACEPARENT).status_code == 200
            assert gateway.call("echo", {"text": "fail"}, **TRACEPARENT).status_code == 500
            assert gateway.call("echo", {"text": "x"}, traceparent="nonsense").status_code == 200
            assert gateway.stop() == 0  # which sends what was not sent yet
        good, bad = agents_of(found)
        assert (good.is_error, bad.is_error) == (False, True)
        assert (bad.attributes["nexdeck.status"], bad.attributes["error.type"]) == (500, "agent_failed")
        assert path_to(good, found.spans)[0] == "nexdeck-gateway: POST /workflows/{name}/execute"
        assert len([span for span in found.spans if span.name == "agent echo"]) == 3
        said = repr(found.spans)
        assert "private-words" not in said and "the-message-of-the-failure" not in said


def test_a_collector_that_is_down_costs_no_call_and_no_end(tmp_path: Path) -> None:
    with gateway_process(tmp_path, "--otlp-endpoint", "http://127.0.0.1:9", env=EVERY_SECOND) as gateway:
        gateway.deploy("echo", ECHO)
        assert gateway.output("echo", text="x") == {"result": "output-of-x"}
        assert gateway.stop() == 0


def test_where_it_is_off_nothing_of_it_is_imported() -> None:
    program = (
        "import sys, app.serve, app.web, app.gateway.server, app.gateway.process\n"
        "print(sorted({'opentelemetry.sdk', 'opentelemetry.exporter', 'nexdeck.app.tracing'} & set(sys.modules)))"
    )
    seen = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert seen.stdout.strip() == "[]"
