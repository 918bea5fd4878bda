"""HTTP for the commands, on the standard library.

``nexdeck run`` is a channel: people and proofs wait for it to start. Importing httpx takes longer than all the rest of
the command together (0.15 s of 0.2 s, against 0.03 s for http.client), and one request at a time needs none of it.
"""

import http.client
import json
import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, quote, urlencode, urlsplit

from nexdeck.app.cli.exits import CliError, ExitCode
from nexdeck.models.actor import CLI_AGENT
from nexdeck.models.trust import Trust, what_is_wrong

CONNECT_SECONDS = 5.0
MAX_ANSWER_BYTES = 64 * 1024 * 1024
HINT = "Start Nexdeck with `nexdeck serve`, or say where it is with --url or NEXDECK_URL."


@dataclass(frozen=True)
class RestAnswer:
    status: int
    body: bytes
    content_type: str
    retry_after: str = ""  # seconds

    def json(self) -> Any:
        """The body, or None when it is not JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


def send(
    method: str,
    url: str,
    *,
    body: Any = None,
    headers: dict[str, str] | None = None,
    seconds: float = 30.0,
    trust: Trust | None = None,
) -> RestAnswer:
    """One request with a JSON body, answered within ``seconds``. Raises CliError (unreachable, timeout)."""
    target = _split(url)
    connection = _connection(target, trust)
    sent = {"Accept": "application/json", "User-Agent": CLI_AGENT, **(headers or {})}
    content = None
    if body is not None:
        content = json.dumps(body).encode()
        sent["Content-Type"] = "application/json"
    try:
        try:
            connection.connect()
        except OSError as error:
            raise _unreachable(url, error, trust) from error
        connection.sock.settimeout(seconds)
        path = f"{target.path}?{target.query}" if target.query else target.path or "/"
        connection.request(method, path, content, sent)
        response = connection.getresponse()
        answer = response.read(MAX_ANSWER_BYTES)
    except TimeoutError as error:
        detail = f"No answer from {target.netloc} within {seconds:g} s."
        raise CliError.because(ExitCode.TIMEOUT, detail) from error
    except (OSError, http.client.HTTPException) as error:
        raise _unreachable(url, error) from error
    finally:
        connection.close()
    retry_after = response.headers.get("Retry-After", "")
    return RestAnswer(response.status, answer, response.headers.get_content_type(), retry_after)


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port > 0):
            return parts
    except ValueError:
        pass
    raise CliError.because(ExitCode.USAGE, f"{url!r} is not an address; it looks like http://127.0.0.1:8400")


def _connection(target: SplitResult, trust: Trust | None = None) -> http.client.HTTPConnection:
    """Of HTTPS the certificate is verified, by the system's authorities unless it is said how."""
    if target.scheme == "http":
        return http.client.HTTPConnection(target.hostname, target.port, timeout=CONNECT_SECONDS)
    context = trust and trust.context()
    return http.client.HTTPSConnection(target.hostname, target.port, timeout=CONNECT_SECONDS, context=context)


def _unreachable(url: str, error: Exception, trust: Trust | None = None) -> CliError:
    if isinstance(error, ssl.SSLError):
        wrong = what_is_wrong(error, urlsplit(url).hostname or "", trust or Trust())
        return CliError.because(ExitCode.UNREACHABLE, f"{urlsplit(url).netloc} is not connected to. {wrong}")
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return CliError.because(ExitCode.UNREACHABLE, f"Nothing answers at {urlsplit(url).netloc} ({reason}).")


class Server:
    """Nexdeck's REST API."""

    def __init__(self, url: str | None) -> None:
        self.url = (url or _default_url()).rstrip("/")

    def get(self, *path: str, **query: Any) -> Any:
        return self.call("GET", *path, query=query)

    def post(self, *path: str, body: Any = None, seconds: float = 60.0) -> Any:
        return self.call("POST", *path, body=body, seconds=seconds)

    def call(
        self, method: str, *path: str, body: Any = None, query: dict[str, Any] | None = None, seconds: float = 60.0
    ) -> Any:
        """The answer's JSON (None for 204). Raises CliError for problems and for what is not Nexdeck's."""
        answer = self.raw(method, *path, body=body, query=query, seconds=seconds)
        return None if answer.status == 204 else answer.json()

    def raw(
        self, method: str, *path: str, body: Any = None, query: dict[str, Any] | None = None, seconds: float = 60.0
    ) -> RestAnswer:
        try:
            answer = send(method, self._address(path, query), body=body, seconds=seconds)
        except CliError as error:
            if error.exit_code is ExitCode.UNREACHABLE:
                error.hint = HINT
            raise
        if not 200 <= answer.status < 300:
            raise self._error(answer)
        return answer

    def _address(self, path: tuple[str, ...], query: dict[str, Any] | None) -> str:
        given = {key: value for key, value in (query or {}).items() if value is not None}
        url = f"{self.url}/api/v1/{'/'.join(quote(part, safe='') for part in path)}"
        return f"{url}?{urlencode(given)}" if given else url

    def _error(self, answer: RestAnswer) -> CliError:
        problem = answer.json()
        if not isinstance(problem, dict) or "detail" not in problem:
            detail = f"{self.url} answered {answer.status}, but not as Nexdeck does. Is that the right address?"
            return CliError.because(ExitCode.UNREACHABLE, detail, code="not_nexdeck")
        return CliError.answered(answer.status, problem)

    @contextmanager
    def stream(
        self, *path: str, query: dict[str, Any], headers: dict[str, str], silence: float = 30.0
    ) -> Iterator[http.client.HTTPResponse]:
        """An answer without end, line by line. Raises CliError as ``call`` does; once the answer has begun, OSError
        (for a silence of that many seconds too) and HTTPException when it breaks."""
        url = self._address(path, query)
        target = _split(url)
        connection = _connection(target)
        try:
            try:
                connection.connect()
            except OSError as error:
                error = _unreachable(url, error)
                error.hint = HINT
                raise error from None
            connection.sock.settimeout(silence)
            sent = {"Accept": "text/event-stream", "User-Agent": CLI_AGENT, **headers}
            connection.request("GET", f"{target.path}?{target.query}", headers=sent)
            response = connection.getresponse()
            if response.status != 200:
                content_type = response.headers.get_content_type()
                raise self._error(RestAnswer(response.status, response.read(MAX_ANSWER_BYTES), content_type))
            yield response
        finally:
            connection.close()


def _default_url() -> str:
    if url := os.environ.get("NEXDECK_URL"):
        return url
    host = os.environ.get("NEXDECK_HOST") or "127.0.0.1"
    if host in ("0.0.0.0", "::"):
        host = "127.0.0.1"
    return f"http://{f'[{host}]' if ':' in host else host}:{os.environ.get('NEXDECK_PORT') or 8400}"
