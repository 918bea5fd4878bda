"""How commands end: against a server that answers what a test tells it to."""

import io
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from nexdeck.app.cli import main
from nexdeck.app.cli.exits import MEANINGS, ExitCode
from nexdeck.app.cli.run import REVISION_HEADER
from nexdeck.models import control

ROOT = Path(__file__).parents[3]


class Script:
    """What the server answers: (method, path) → (status, body); and what it was asked."""

    def __init__(self) -> None:
        self.url = ""
        self.answers: dict[tuple[str, str], tuple[int, Any]] = {}
        self.asked: list[tuple[str, str, dict[str, str], Any]] = []

    def problem(self, method: str, path: str, status: int, **extra: Any) -> None:
        self.answers[method, path] = (
            status,
            {"title": "No", "status": status, "detail": "It is so.", "code": "x"} | extra,
        )


@pytest.fixture
def script() -> Iterator[Script]:
    state = Script()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            path = self.path.partition("?")[0]
            state.asked.append((self.command, self.path, dict(self.headers), body))
            status, answer = state.answers.get((self.command, path), (500, "an unexpected call"))
            content = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = do_PUT = answer

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}"
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, ExitCode.USAGE),
        (401, ExitCode.UNAUTHORISED),
        (403, ExitCode.UNAUTHORISED),
        (404, ExitCode.NOT_FOUND),
        (409, ExitCode.CONFLICT),
        (413, ExitCode.USAGE),
        (422, ExitCode.USAGE),
        (429, ExitCode.OVERLOADED),
        (500, ExitCode.FAILED),
        (502, ExitCode.FAILED),
        (503, ExitCode.UNREACHABLE),
        (504, ExitCode.TIMEOUT),
    ],
)
def test_each_kind_of_refusal_has_its_exit_code(script: Script, capsys, status: int, code: ExitCode) -> None:
    script.problem("GET", "/api/v1/deployments/x", status, errors=[{"path": "a.b", "message": "is odd"}])
    assert main(["status", "x", "--url", script.url]) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "error: It is so.\n  a.b: is odd\n"


def test_with_json_the_problem_document_is_on_standard_error(script: Script, capsys) -> None:
    script.problem("GET", "/api/v1/deployments/x", 404)
    assert main(["status", "x", "--json", "--url", script.url]) == ExitCode.NOT_FOUND
    said = capsys.readouterr()
    assert said.out == ""
    assert json.loads(said.err) == {"title": "No", "status": 404, "detail": "It is so.", "code": "x"}


def test_a_server_that_is_not_there_is_told_with_what_to_do(capsys) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    assert main(["ps", "--url", url]) == ExitCode.UNREACHABLE
    assert "nexdeck serve" in capsys.readouterr().err


@pytest.mark.parametrize("answer", ["<html>", {"detail_of": "something else"}])
def test_a_server_that_is_not_nexdeck_is_told_apart(script: Script, capsys, answer: Any) -> None:
    script.answers["GET", "/api/v1/deployments"] = (404, answer)
    assert main(["ps", "--url", script.url]) == ExitCode.UNREACHABLE
    assert "right address" in capsys.readouterr().err


@pytest.mark.parametrize("url", ["ftp://x", "127.0.0.1:8400", "http://", "http://x:99999", "http://[::1"])
def test_what_is_no_address_is_refused(capsys, url: str) -> None:
    assert main(["ps", "--url", url]) == ExitCode.USAGE
    assert url in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["ps", "--nonsense"], ["status"], ["no-such-command"]])
def test_wrong_usage_ends_with_2_also_as_json(capsys, arguments: list[str]) -> None:
    assert main(arguments) == ExitCode.USAGE
    assert "Error" in capsys.readouterr().err
    assert main([*arguments, "--json"]) == ExitCode.USAGE
    assert json.loads(capsys.readouterr().err)["code"] == "usage"


def test_what_a_server_says_cannot_steer_the_terminal(script: Script, capsys) -> None:
    script.problem("GET", "/api/v1/deployments/x", 404, detail="\x1b[31mred\x07 \u202ereversed")
    main(["status", "x", "--url", script.url])
    assert capsys.readouterr().err == "error: �[31mred� �reversed\n"


def deployment(script: Script, **changes: Any) -> dict[str, Any]:
    return {
        "name": "echo",
        "status": "running",
        "live_revision": 1,
        "error_message": None,
        "api_endpoint": f"{script.url}/workflows/echo/execute",
        "options": {"limits": {"timeout_seconds": 30.0}},
        "input_schema": {"properties": {"text": {"type": "string"}, "n": {"type": "integer"}}},
    } | changes


@pytest.mark.parametrize(
    ("result", "human", "as_json"),
    [
        ({"answer": "Grüße\n"}, "Grüße\n\n", '{"answer":"Grüße\\n"}\n'),
        ({"result": 3}, '{\n  "result": 3\n}\n', '{"result":3}\n'),
        ({}, "{}\n", "{}\n"),
    ],
)
def test_run_prints_for_people_and_for_scripts(script: Script, capsys, result, human: str, as_json: str) -> None:
    script.answers["GET", "/api/v1/deployments/echo"] = (200, deployment(script))
    script.answers["POST", "/workflows/echo/execute"] = (200, {"outputs": {"agent": {"result": result}}})
    assert main(["run", "echo", "text=a", "--url", script.url]) == ExitCode.OK
    assert capsys.readouterr().out == human
    assert main(["run", "echo", "text=a", "--json", "--url", script.url]) == ExitCode.OK
    assert capsys.readouterr().out == as_json


def test_run_sends_typed_inputs_its_channel_the_key_and_the_revision(script: Script, monkeypatch, capsys) -> None:
    monkeypatch.setenv("NEXDECK_URL", script.url)
    monkeypatch.setenv("NEXDECK_KEY", "the-key")
    script.answers["GET", "/api/v1/deployments/echo"] = (
        200,
        deployment(script, status="deploying", live_revision=None),
    )
    script.answers["POST", "/workflows/echo/execute"] = (200, {"outputs": {"agent": {"result": {}}}})
    document = '{"text": "from the document", "n": 1}'
    assert main(["run", "echo", "n=2", "--input", document, "--revision", "7"]) == ExitCode.OK
    method, _, headers, body = script.asked[-1]
    assert (method, body) == ("POST", {"inputs": {"text": "from the document", "n": 2}})
    assert headers["X-Nexdeck-Channel"] == "cli"
    assert headers["Authorization"] == "Bearer the-key"
    assert headers[control.REVISION_HEADER] == "7"
    assert control.REVISION_HEADER == REVISION_HEADER
    assert "the-key" not in str(capsys.readouterr())


def test_run_says_why_a_deployment_cannot_be_called(script: Script, capsys) -> None:
    script.answers["GET", "/api/v1/deployments/echo"] = (200, deployment(script, status="stopped"))
    assert main(["run", "echo", "--url", script.url]) == ExitCode.CONFLICT
    assert "nexdeck start echo" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, ExitCode.UNAUTHORISED),
        (422, ExitCode.USAGE),
        (429, ExitCode.OVERLOADED),
        (500, ExitCode.FAILED),
        (504, ExitCode.TIMEOUT),
    ],
)
def test_run_ends_as_the_agent_does(script: Script, capsys, status: int, code: ExitCode) -> None:
    script.answers["GET", "/api/v1/deployments/echo"] = (200, deployment(script))
    script.problem("POST", "/workflows/echo/execute", status)
    assert main(["run", "echo", "--url", script.url]) == code
    assert "It is so." in capsys.readouterr().err


@pytest.mark.parametrize("key", ["a b", "ключ", "a\r\nX-Evil: 1"])
def test_run_refuses_a_key_that_no_header_can_carry(script: Script, capsys, key: str) -> None:
    script.answers["GET", "/api/v1/deployments/echo"] = (200, deployment(script))
    assert main(["run", "echo", "--key", key, "--url", script.url]) == ExitCode.USAGE
    assert key not in capsys.readouterr().err


def test_a_change_that_failed_ends_with_1_and_prints_its_cause(script: Script, capsys) -> None:
    operation = {"id": "opn_1", "kind": "stop", "status": "failed", "error": "the gateway burned down", "steps": []}
    change = {"deployment": {"id": "dep_1", "name": "echo"}, "operation": operation}
    script.answers["POST", "/api/v1/deployments/echo/stop"] = (202, change)
    script.answers["GET", "/api/v1/deployments/dep_1"] = (200, change["deployment"])
    assert main(["stop", "echo", "--yes", "--url", script.url]) == ExitCode.FAILED
    assert "the gateway burned down" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["undeploy", "echo"], ["agents", "delete", "echo"], ["secrets", "delete", "A"]])
def test_what_cannot_be_undone_wants_a_yes(script: Script, capsys, monkeypatch, arguments: list[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert main([*arguments, "--url", script.url]) == ExitCode.USAGE
    assert "--yes" in capsys.readouterr().err
    assert script.asked == []


def test_help_documents_every_exit_code(capsys) -> None:
    main(["--help"])
    told = capsys.readouterr().out
    assert all(f"{code:>3}  {meaning}" in told for code, meaning in MEANINGS.items())
    assert set(MEANINGS) == set(ExitCode)


def test_run_starts_without_the_heavy_libraries() -> None:
    heavy = ("rich", "httpx", "pydantic", "nicegui", "fastapi")
    check = f"import sys, app.cli; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", check], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
