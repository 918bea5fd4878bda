"""What snippets are made of: their shape, how text becomes a literal, and how they trust a certificate."""

import base64
import hashlib
import json
import shlex
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.x509 import load_pem_x509_certificate

from nexdeck.models.trust import TrustKind
from nexdeck.services.docs.interface import CallerInterface

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


CERTIFICATE_FILE = "gateway.pem"


def curl_options(interface: CallerInterface) -> list[str]:
    """Of a pinned certificate only the key counts, whatever names are in it: curl gives up when it is another."""
    if interface.trust.kind is TrustKind.CA:
        return [f"--cacert {CERTIFICATE_FILE}"]
    if interface.trust.kind is TrustKind.PIN:
        return [f"--insecure --pinnedpubkey {shlex.quote(f'sha256//{_key_hash(interface.trust.certificate)}')}"]
    return []


def python_lines(interface: CallerInterface) -> list[str]:
    if not interface.trust.certificate:
        return []
    lines = [f'tls = ssl.create_default_context(cafile="{CERTIFICATE_FILE}")']
    if interface.trust.kind is TrustKind.PIN:
        lines.append("tls.check_hostname = False  # no other certificate than this one is accepted")
    return lines


def how_to_save_it(interface: CallerInterface) -> str:
    return f"Save its certificate: nexdeck gateways certificate {interface.gateway} -o {CERTIFICATE_FILE}"


def for_node(interface: CallerInterface) -> str:
    return f" and set NODE_EXTRA_CA_CERTS={CERTIFICATE_FILE}." if interface.trust.certificate else ""


def _key_hash(certificate: str) -> str:
    """The SHA-256 of a certificate's public key, as curl takes it."""
    key = load_pem_x509_certificate(certificate.encode()).public_key()
    plain = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(plain).digest()).decode()
