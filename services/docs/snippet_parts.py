"""What the programs and commands for different clients have in common. Pure."""

import json
import shlex
from dataclasses import dataclass
from typing import Any

from nexdeck.services.docs.interface import CallerInterface
from nexdeck.services.docs.snippet_trust import curl_options, for_node, how_to_save_it, python_lines

KEY_VARIABLE = "NEXDECK_KEY"
GRACE_SECONDS = 5  # the gateway times the agent out by itself; this is for the way there and back
PYTHON_HEADERS = """headers={"Authorization": f"Bearer {os.environ['NEXDECK_KEY']}"}"""


@dataclass(frozen=True)
class Snippet:
    """``filename`` is where it belongs, or a name whose suffix tells the language; ``note`` says what to do with it."""

    client: str
    filename: str
    code: str
    note: str = ""


def curl_command(interface: CallerInterface, inputs: dict[str, Any], *, stream: bool = False) -> str:
    """A call that a POSIX shell runs as it stands; ``stream`` shows the pieces of the answer as they come."""
    lines = [
        f"curl {'-sSN' if stream else '-sS'} {shlex.quote(interface.api_url)}",
        *curl_options(interface),
        "-H 'Content-Type: application/json'",
        *(["-H 'Accept: text/event-stream'"] if stream else []),
    ]
    if interface.require_key:
        lines.append(f'-H "Authorization: Bearer ${KEY_VARIABLE}"')
    body = json.dumps({"inputs": inputs}, ensure_ascii=False)
    return " \\\n  ".join([*lines, f"-d {shlex.quote(body)}"])


def javascript_call(interface: CallerInterface, *more_headers: str) -> str:
    """The statements that make ``answer``, which is a success then."""
    headers = ['"Content-Type": "application/json"', *more_headers]
    if interface.require_key:
        headers.append(f"Authorization: `Bearer ${{process.env.{KEY_VARIABLE}}}`")
    body = json.dumps({"inputs": interface.sample}, indent=2, ensure_ascii=False)
    if '"__proto__"' in body:  # as a literal it would set the prototype instead of a field
        body = f"JSON.parse({json.dumps(body)})"
    indented = body.replace("\n", "\n  ")
    return f"""\
const answer = await fetch({json.dumps(interface.api_url)}, {{
  method: "POST",
  headers: {{ {", ".join(headers)} }},
  body: JSON.stringify({indented}),
}});
if (!answer.ok) throw new Error(`${{answer.status}}: ${{await answer.text()}}`);"""


def before_node(interface: CallerInterface) -> str:
    return "Runs in Node 18 or newer. " + before(interface) + for_node(interface)


def python_client(interface: CallerInterface) -> tuple[str, str, str]:
    """Of an asynchronous program: its first imports, the arguments of its httpx client, and what it sets up for TLS."""
    tls = python_lines(interface)
    imports = ["asyncio", "json", *(["os"] if interface.require_key else []), *(["ssl"] if tls else [])]
    arguments = [
        *([PYTHON_HEADERS] if interface.require_key else []),
        *(["verify=tls"] if tls else []),
        f"timeout={seconds(interface)}",
    ]
    lines = "\n".join(f"import {name}" for name in imports)
    return lines, ", ".join(arguments), "\n".join(["", *tls, ""]) if tls else ""


def before(interface: CallerInterface, needs_certificate: bool = True) -> str:
    """What is to be done first."""
    notes = [f"Set the environment variable {KEY_VARIABLE} to your key first."] if interface.require_key else []
    if needs_certificate and interface.trust.certificate:
        notes.append(how_to_save_it(interface))
    return " ".join(notes)


def seconds(interface: CallerInterface) -> str:
    return f"{interface.limits.timeout_seconds + GRACE_SECONDS:g}"
