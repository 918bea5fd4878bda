"""Calls through the API channel: inputs arrive untouched, failures are honest, limits hold."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.gateway_process import TOKEN, bundle

ECHO = "async def agent(**fields):\n    return fields\n"
PRICES = {
    "type": "object",
    "properties": {
        "items": {"type": "array", "items": {"type": "object", "properties": {"price": {"type": "number"}}}},
        "count": {"type": "integer"},
    },
    "required": ["items"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    "inputs",
    [
        {"text": "${other}", "other": "x"},
        {"nothing": None, "number": 5, "text": "5", "flag": True, "float": 1.5},
        {"agent": {"x": 1}, "other": "kept"},
        {"agent": "named like the node", "other": "kept"},
        {"parameters": {"x": 1}, "inputs": {"y": 2}, "config": {"z": 3}},
        {"self": 1, "cls": 2, "name": "n", "workflow_id": "w", "session_id": "s"},
        {"long": 123456789012345678901234567890, "deep": [[[{"a": [None]}]]]},
        {"text": "ünïcödé 🎈 \u0000 \\ \" ' {braces} %s"},
        {},
    ],
)
def test_inputs_arrive_as_they_were_sent(gateway, inputs):
    gateway.deploy("echo", ECHO)
    assert gateway.output("echo", **inputs) == inputs
    for mode in ("async", "stream"):  # Nexus's own routes to the same agent
        answer = gateway.http.post("/workflows/echo/execute", json={"inputs": inputs, "mode": mode})
        assert answer.status_code == 200
    events = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: ")]
    assert events[-1]["result"]["outputs"]["agent"]["result"] == inputs


def test_the_answer_has_the_shape_of_nexus_and_a_request_id(gateway):
    gateway.deploy("echo", ECHO)
    answer = gateway.call("echo", {"a": 1}, **{"X-Request-ID": "my-id.1"})
    assert answer.headers["x-request-id"] == "my-id.1"
    assert answer.json().keys() == {"outputs", "execution_time", "workflow_id", "version"}
    assert len(gateway.call("echo", {}, **{"X-Request-ID": "bad id!"}).headers["x-request-id"]) == 16


def test_every_fault_of_the_inputs_is_named(gateway):
    gateway.deploy("prices", ECHO, input_schema=PRICES)
    answer = gateway.call("prices", {"items": [{"price": "x" * 5000}], "count": 1.5, "more": 1})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    faults = {error["path"]: error["message"] for error in answer.json()["errors"]}
    assert faults.keys() == {"inputs.items.0.price", "inputs.count", "inputs.more"}
    assert faults["inputs.items.0.price"].endswith("is not of type 'number'")
    assert len(answer.text) < 2000
    assert answer.headers["content-type"] == "application/problem+json"
    missing = gateway.call("prices", {}).json()["errors"]
    assert missing == [{"path": "inputs.items", "message": "is required"}]
    many = gateway.call("prices", {"items": [{"price": None}] * 100}).json()["errors"]
    assert len(many) == 20


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{", 400), (b"\xff", 400), (b"[]", 422), (b"{}", 422), (b'{"inputs": []}', 422), (b'{"inputs": null}', 422),
     (b'{"inputs": {}, "mode": "x"}', 422), (b"", 400), (b'{"inputs": {"a": NaN}}', 400), (b"[" * 100_000, 400)],
)  # fmt: skip
def test_bodies_that_are_no_call_are_refused(gateway, body, status):
    gateway.deploy("echo", ECHO)
    answer = gateway.http.post("/workflows/echo/execute", content=body)
    assert answer.status_code == status
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


def test_a_body_that_is_too_long_is_refused(gateway):
    gateway.deploy("echo", ECHO)
    answer = gateway.http.post("/workflows/echo/execute", content=b"x" * (21 << 20))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_an_agent_that_is_not_there(gateway):
    answer = gateway.call("nobody", {})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_deployed")


@pytest.mark.parametrize(
    ("source", "status", "code", "words"),
    [
        ("def agent():\n    raise KeyError('lost')\n", 500, "agent_failed", "KeyError: 'lost'"),
        ("async def agent():\n    raise SystemExit(3)\n", 500, "agent_failed", "SystemExit"),
        ("def agent():\n    raise StopIteration\n", 500, "agent_failed", "StopIteration"),
        ("import asyncio\nasync def agent():\n    raise asyncio.CancelledError\n", 500, "agent_failed", "Cancelled"),
        ("def agent():\n    return {'text': 5}\n", 502, "invalid_output", "outputs.text"),
        ("def agent():\n    return {'text': object()}\n", 502, "invalid_output", "object"),
        ("def agent():\n    return {'text': float('nan')}\n", 502, "invalid_output", "outputs.text"),
        ("def agent():\n    return 5\n", 502, "invalid_output", "outputs.text"),
        ("def agent():\n    while True:\n        pass\n", 504, "timeout", "0.3 s"),
        ("import time\ndef agent():\n    time.sleep(3)\n", 504, "timeout", "0.3 s"),
        ("import asyncio\nasync def agent():\n    await asyncio.sleep(60)\n", 504, "timeout", "0.3 s"),
        ("def agent(needed):\n    pass\n", 500, "agent_failed", "needed"),
    ],
)
def test_failures_never_look_like_answers(gateway, source, status, code, words):
    wanted = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
    gateway.deploy("failing", source, output_schema=wanted, limits={"timeout_seconds": 0.3})
    answer = gateway.call("failing", {})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert words in answer.json()["detail"]
    assert "Traceback" not in answer.text
    gateway.undeploy("failing")


def test_a_traceback_goes_to_the_log_from_the_authors_line_on(gateway):
    gateway.deploy("raising", "import json\n\ndef agent():\n    json.loads('{')\n")
    gateway.call("raising", {})
    line = next(line for line in gateway.logs(limit=5000)["lines"][::-1] if line["deployment_id"] == "id-raising")
    assert line["level"] == "ERROR"
    assert "line 4, in agent\n    json.loads('{')" in line["exception"]
    assert "app/gateway" not in line["exception"]


@pytest.mark.parametrize(
    ("source", "output"),
    [
        ("def agent():\n    return 5\n", {"result": 5}),
        ("def agent():\n    return None\n", {"result": None}),
        ("def agent():\n    return [1, (2, 3)]\n", {"result": [1, [2, 3]]}),
        (
            "from dataclasses import dataclass\n@dataclass\nclass P:\n    x: int\ndef agent():\n    return P(1)\n",
            {"x": 1},
        ),
        (
            "from pydantic import BaseModel\nclass P(BaseModel):\n    x: int\ndef agent():\n    return P(x=1)\n",
            {"x": 1},
        ),
        ("from datetime import date\ndef agent():\n    return {'d': date(2026, 1, 2)}\n", {"d": "2026-01-02"}),
        ("class Shout:\n    async def __call__(self):\n        return 'HEY'\nagent = Shout()\n", {"result": "HEY"}),
        ("import functools\ndef f(a):\n    return a\nagent = functools.partial(f, 7)\n", {"result": 7}),
        ("def helper():\n    return 1\nagent = helper\n", {"result": 1}),
        ("def only():\n    return 2\n_hidden = lambda: 3\n", {"result": 2}),
    ],
)
def test_outputs_become_objects(gateway, source, output):
    gateway.deploy("shaped", source)
    assert gateway.output("shaped") == output
    gateway.undeploy("shaped")


def test_a_workflow_runs_with_its_mapped_inputs(gateway):
    source = (
        "from kailash.workflow.builder import WorkflowBuilder\n"
        "agent = WorkflowBuilder()\n"
        "agent.add_node('PythonCodeNode', 'first', {'code': 'result = {\"value\": x * 2}'})\n"
        "agent.add_node('PythonCodeNode', 'second', {'code': 'result = {\"doubled\": value * 2}'})\n"
        "agent.add_connection('first', 'result.value', 'second', 'value')\n"
        "agent.add_workflow_inputs('first', {'number': 'x'})\n"
    )
    gateway.deploy("flow", source)
    assert gateway.output("flow", number=5) == {"doubled": 20}


def test_an_agent_sees_of_the_gateways_environment_what_it_may(gateway):
    source = (
        "import os\ndef agent():\n    return {name: name in os.environ for name in ('PATH', 'PWD', 'USER', 'OWN')}\n"
    )
    known = gateway.deploy("sees-all", source, environment={"OWN": "1"}) and gateway.output("sees-all")
    gateway.deploy("sees-little", source, environment={"OWN": "1"}, inherit_environment=[])
    assert known["PWD"] or known["USER"]
    assert gateway.output("sees-little") == {"PATH": True, "PWD": False, "USER": False, "OWN": True}


def test_a_hanging_agent_keeps_no_other_waiting(gateway):
    gateway.deploy("hang", "import time\ndef agent():\n    time.sleep(2)\n", limits={"timeout_seconds": 0.2})
    gateway.deploy("quick", "def agent():\n    return 1\n")
    with ThreadPoolExecutor(80) as pool:
        codes = list(pool.map(lambda _: gateway.call("hang", {}).json()["code"], range(80)))
        assert gateway.output("quick") == {"result": 1}
    assert set(codes) <= {"timeout", "agent_stuck"}


def test_concurrency_and_rate_are_limited_and_the_control_plane_is_not_held_to_the_rate(gateway):
    gateway.deploy(
        "narrow", "import asyncio\nasync def agent():\n    await asyncio.sleep(1)\n", limits={"max_concurrency": 2}
    )
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: gateway.call("narrow", {}), range(6)))
    refused = [answer for answer in answers if answer.status_code == 503]
    assert sorted(answer.status_code for answer in answers) == [200, 200, 503, 503, 503, 503]
    assert all(answer.headers["retry-after"] == "1" for answer in refused)

    gateway.deploy("rare", "def agent():\n    return 1\n", limits={"rate_limit_per_minute": 2})
    statuses = [gateway.call("rare", {}).status_code for _ in range(4)]
    assert statuses == [200, 200, 429, 429]
    assert int(gateway.call("rare", {}).headers["retry-after"]) in range(1, 61)
    assert gateway.call("rare", {}, key=TOKEN).status_code == 200


def test_switched_off_channels_are_refused(gateway):
    gateway.deploy("only-cli", ECHO, channels=["cli"])
    assert gateway.call("only-cli", {}).json()["code"] == "channel_disabled"
    assert gateway.call("only-cli", {}, **{"X-Nexdeck-Channel": "cli"}).status_code == 200
    assert gateway.http.post("/mcp/only-cli", json={}).json()["code"] == "channel_disabled"


def test_variables_are_seen_by_their_own_deployment_only(gateway):
    source = (
        "import os, subprocess\n"
        "AT_LOAD = os.environ.get('WORD')\n"
        "async def agent(write=None):\n"
        "    if write:\n        os.environ['WRITTEN'] = write\n"
        "    return {'load': AT_LOAD, 'call': os.getenv('WORD'), 'written': os.getenv('WRITTEN'),\n"
        "            'nexdeck': [n for n in os.environ if n.startswith('NEXDECK_')], 'path': 'PATH' in os.environ,\n"
        "            'child': subprocess.run(['env'], capture_output=True, text=True).stdout}\n"
    )
    gateway.deploy("one", source, environment={"WORD": "first-word"})
    gateway.deploy("two", source, environment={"WORD": "other-word"})
    assert gateway.output("one", write="by one")["written"] == "by one"
    one, two = gateway.output("one"), gateway.output("two")
    assert (one["load"], one["call"], one["written"]) == ("first-word", "first-word", "by one")
    assert (two["load"], two["call"], two["written"]) == ("other-word", "other-word", None)
    assert one["nexdeck"] == [] and one["path"]
    assert TOKEN not in one["child"]


def test_secrets_are_masked_in_logs_and_problems(gateway):
    source = (
        "import os\ndef agent():\n    print('the key is', os.environ['KEY'])\n    raise ValueError(os.environ['KEY'])\n"
    )
    gateway.deploy("leaky", source, environment={"KEY": "very-secret-value"})
    assert "very-secret-value" not in gateway.call("leaky", {}).text
    assert "the key is •••" in gateway.messages("leaky")
    assert "very-secret-value" not in gateway.control.get("/control/v1/logs").text
    failing = bundle(
        "leaky-load", "import os\nraise ValueError(os.environ['KEY'])\n", environment={"KEY": "very-secret-value"}
    )
    rejected = gateway.load("id-leaky-load", failing)
    assert rejected.json()["code"] == "artifact_rejected"
    assert "very-secret-value" not in rejected.text


def test_prints_and_logs_carry_their_call(gateway):
    source = (
        "import logging, sys\nlog = logging.getLogger('my.agent')\n"
        "def agent(n):\n    print('number', end=' ')\n    print(n)\n    print('unfinished', end='')\n"
        "    print('oops', file=sys.stderr)\n    log.info('n is %d', n)\n    return n\n"
    )
    gateway.deploy("talking", source)
    after = gateway.logs(limit=5000)["next_cursor"]
    gateway.call("talking", {"n": 7}, **{"X-Request-ID": "talk-7"})
    lines = [line for line in gateway.logs(after=after)["lines"] if line["request_id"] == "talk-7"]
    found = {(line["level"], line["logger"], line["message"]) for line in lines}
    assert {("INFO", "print", "number 7"), ("INFO", "print", "unfinished"), ("WARNING", "print", "oops")} <= found
    assert ("INFO", "my.agent", "n is 7") in found
    assert all((line["deployment_id"], line["revision"]) == ("id-talking", 1) for line in lines)


def test_metrics_and_counters_follow_a_deployment(gateway):
    gateway.deploy("counted", "def agent(ok=True):\n    if not ok:\n        raise ValueError\n    return 1\n")
    for ok in (True, True, False):
        gateway.call("counted", {"ok": ok})
    gateway.candidate("counted", 1, {"ok": False})  # a proof is not a call of a user
    counters = gateway.deployment("counted")["counters"]
    assert (counters["requests"], counters["errors"]) == (3, 1)
    assert counters["latency_ms_sum"] > 0
    text = gateway.http.get("/metrics").text
    labels = 'channel="api",deployment="counted",revision="1"'
    assert 'nexdeck_requests_total{channel="api",deployment="counted",outcome="succeeded",revision="1"} 2.0' in text
    assert f"nexdeck_request_seconds_count{{{labels}}} 3.0" in text
    gateway.undeploy("counted")
    assert "counted" not in gateway.http.get("/metrics").text


def test_two_hundred_blocking_calls_take_turns(gateway):
    gateway.deploy("blocking", "import time\ndef agent():\n    time.sleep(0.05)\n    return 1\n")
    answers: list[int] = []
    threads = [
        threading.Thread(target=lambda: answers.append(gateway.call("blocking", {}).status_code)) for _ in range(200)
    ]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert gateway.http.get("/livez").status_code == 200
        time.sleep(0.05)
    assert answers == [200] * 200
