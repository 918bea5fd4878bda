"""The command line as a user has it: processes against a real server and a real gateway."""

import json
import os
import pty
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture
def agent(studio, tmp_path: Path):
    """An agent that was imported from a file by the command, and is gone from the gateway at the end."""
    file = tmp_path / "cli_echo.py"
    file.write_text(
        dedent(
            """
            __version__ = "1.0.0"
            SAMPLE = {"text": "it's \\"quoted\\" $HOME; ls", "times": 2}


            async def agent(text: str, times: int = 1, secret: bool = False) -> dict:
                if text == "fail":
                    raise RuntimeError("the agent was told to fail")
                if secret:
                    import os

                    return {"answer": os.environ.get("CLI_SECRET") + os.environ.get("CLI_PLAIN")}
                return {"answer": " ".join([text] * times)}
            """
        )
    )
    done = studio.cli("agents", "import", str(file))
    assert done.returncode == 0, done.stderr
    yield "cli-echo"
    studio.cli("undeploy", "cli-echo", "--yes")


def test_from_a_file_to_a_call_and_away_again(studio, agent: str, tmp_path: Path) -> None:
    cli = studio.cli
    assert "cli-echo" in cli("agents", "list").stdout
    deployed = cli("deploy", agent)
    assert deployed.returncode == 0, deployed.stderr
    assert "/mcp/cli-echo" in deployed.stdout
    assert cli("run", agent, "text=hi", "times=3").stdout == "hi hi hi\n"
    assert cli("run", agent, "times=2", "--input", "-", "--json", stdin='{"text": "ü"}').stdout == '{"answer":"ü ü"}\n'
    assert [d["status"] for d in json.loads(cli("ps", "-q", agent, "--json").stdout)] == ["running"]
    assert "prove CLI" in cli("status", agent).stdout
    for command, status in (("stop", "stopped"), ("start", "running"), ("restart", "running")):
        done = cli(command, agent)
        assert (done.returncode, done.stdout) == (0, f"cli-echo is {status}.\n"), done.stderr
    watched = ("--latency-limit", "250", "--sample-calls", "--max-request", "64")
    redeployed = cli("redeploy", agent, "--timeout", "9", *watched, "--reason", "shorter", "--json")
    options = json.loads(redeployed.stdout)["deployment"]["options"]
    shown = options["limits"]["timeout_seconds"], options["latency_limit_ms"], options["synthetic_check"]
    assert shown == (9, 250, True)
    assert options["limits"]["max_request_kb"] == 64
    module = tmp_path / "module.py"
    assert cli("agents", "export", agent, "-o", str(module)).returncode == 0
    assert module.read_text() == cli("agents", "export", agent).stdout
    assert cli("undeploy", agent, "--yes").stdout == "cli-echo is undeployed.\n"
    assert cli("status", agent).returncode == 3


def test_the_printed_command_runs_as_it_is_printed(studio, agent: str) -> None:
    deployed = json.loads(studio.cli("deploy", agent, "--json").stdout)
    command = deployed["deployment"]["cli_command"]
    assert command.startswith("nexdeck run cli-echo ")
    scripts = str(Path(sys.executable).parent)
    env = {**studio.env, "PATH": scripts + os.pathsep + os.environ["PATH"]}
    done = subprocess.run(["sh", "-c", command], env=env, capture_output=True, text=True, timeout=60)
    said = 'it\'s "quoted" $HOME; ls'
    assert (done.returncode, done.stdout) == (0, f"{said} {said}\n"), done.stderr
    assert shlex.split(command)[:3] == ["nexdeck", "run", "cli-echo"]


def test_exit_codes_of_real_failures(studio, agent: str) -> None:
    cli = studio.cli
    made = json.loads(cli("deploy", agent, "--require-key", "--rate-limit", "10000", "--json").stdout)
    key = made["key"]
    assert cli("run", agent, "text=a").returncode == 5
    assert cli("run", agent, "text=a", NEXDECK_KEY="wrong").returncode == 5
    assert cli("run", agent, "text=a", NEXDECK_KEY=key).returncode == 0
    failed = cli("run", agent, "text=fail", "--json", NEXDECK_KEY=key)
    assert failed.returncode == 1
    assert "told to fail" in json.loads(failed.stderr)["detail"]
    assert cli("run", agent, "txt=a", NEXDECK_KEY=key).returncode == 2
    assert cli("run", agent, "--json", NEXDECK_KEY=key).returncode == 2
    assert cli("run", "nobody").returncode == 3
    assert cli("deploy", agent).returncode == 4
    assert cli("deploy", agent, "--name", "Not A Name").returncode == 2
    assert cli("deploy", agent, "--name", "cli-fails", "--sample", '{"text": "fail"}').returncode == 1
    assert cli("undeploy", "cli-fails", "--yes").returncode == 0
    assert cli("gateways", "test", "http://127.0.0.1:1", stdin="token").returncode == 6
    assert key not in studio.log.read_text()


def test_secrets_and_variables_reach_the_agent_and_no_argument_list(studio, agent: str) -> None:
    cli = studio.cli
    assert cli("secrets", "set", "CLI_SECRET", stdin="hidden-value\n").returncode == 0
    assert "hidden-value" not in cli("secrets", "list", "--json").stdout
    done = cli("deploy", agent, "--secret", "CLI_SECRET", "--env", "CLI_PLAIN=/plain=1")
    assert done.returncode == 0, done.stderr
    assert cli("run", agent, "text=a", "secret=yes").stdout == "hidden-value/plain=1\n"
    assert cli("secrets", "delete", "CLI_SECRET", "--yes").returncode == 0
    assert cli("secrets", "set", "CLI_SECRET", stdin="").returncode == 2


def test_import_tells_the_place_of_an_error_and_goes_on(studio, tmp_path: Path) -> None:
    good, bad = tmp_path / "cli_good.py", tmp_path / "cli_bad.py"
    good.write_text("def agent(text: str) -> str:\n    return text\n")
    bad.write_text("x = 1\ndef agent(:\n")
    done = studio.cli("agents", "import", str(bad), str(tmp_path / "missing.py"), str(good))
    assert done.returncode == 2
    assert "cli_bad.py" in done.stderr and "line 2" in done.stderr
    assert "missing.py" in done.stderr
    assert "cli-good" in done.stdout
    newer = good.read_text().replace("def", '__version__ = "2.0.0"\n\n\ndef')
    good.write_text(newer)
    assert "2.0.0" in studio.cli("agents", "import", str(good)).stdout
    assert studio.cli("agents", "delete", "cli-good", "--yes").returncode == 0


def test_keys(studio, agent: str) -> None:
    cli = studio.cli
    assert cli("deploy", agent, "--require-key").returncode == 0
    key = cli("keys", "create", agent, "laptop").stdout.strip()
    assert cli("run", agent, "text=a", "--key", key).returncode == 0
    listed = json.loads(cli("keys", "list", agent, "--json").stdout)
    made = next(item for item in listed if item["name"] == "laptop")
    assert cli("keys", "revoke", agent, made["id"], "--yes").returncode == 0
    assert cli("run", agent, "text=a", "--key", key).returncode == 5


def test_on_a_terminal_the_steps_are_shown(studio, agent: str) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "nexdeck.app.cli", "deploy", agent]
    with subprocess.Popen(command, cwd=ROOT, env=studio.env, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                chunk = os.read(ours, 65536)
            except OSError:  # how a pseudo-terminal says that nobody writes any more
                break
            if not chunk:
                break
            shown += chunk
        os.close(ours)
    assert process.returncode == 0, shown
    assert "✓ prove MCP" in shown.decode()


def test_ctrl_c_ends_with_130(studio) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        command = [sys.executable, "-m", "nexdeck.app.cli", "ps", "--url", url]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        connection, _ = silent.accept()
        connection.recv(1000)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
        connection.close()
    assert process.returncode == 130
    assert b"Traceback" not in err
