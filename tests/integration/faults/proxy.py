"""A line to a gateway that can be made to fail: an HTTP proxy on loopback, in front of a real gateway.

A fault is put on requests by what they are for. Each such request is met by it until the fault is taken off.
"""

import http.client
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WAIT_SECONDS = 120.0
RUBBISH = b"<html><body>502 Bad Gateway</body></html>"


class Fault(StrEnum):
    SILENT = "accepts the request, and neither passes it on nor answers"
    LATE = "passes the request on, and keeps the answer back"
    CUT = "passes the request on, and cuts the connection instead of answering"
    RUBBISH = "passes the request on, and answers with a page of a web server"
    REFUSED = "cuts the connection before the request is passed on"


STEPS = {
    "check": ("GET", r"/control/v1/state"),
    "register": ("PUT", r"/control/v1/deployments/{id}/revisions/\d+"),
    "prove API": ("POST", r"/workflows/{name}/execute"),
    "prove CLI": ("POST", r"/workflows/{name}/execute"),
    "prove MCP": ("POST", r"/mcp/{name}"),
    "switch": ("PUT", r"/control/v1/deployments/{id}/live"),
    "remove": ("DELETE", r"/control/v1/deployments/{id}"),
}


@dataclass(eq=False)
class Trouble:
    """A fault on the requests of one step of one deployment; ``met`` is set when the first of them has met it."""

    step: str
    fault: Fault
    deployment: dict = field(default_factory=lambda: {"id": "[^/]+", "name": "[^/]+"})
    met: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)

    def befalls(self, method: str, path: str, is_cli: bool) -> bool:
        wanted, pattern = STEPS[self.step]
        pattern = pattern.format(id=self.deployment["id"], name=self.deployment["name"])
        right_channel = not self.step.startswith("prove") or is_cli == (self.step == "prove CLI")
        return method == wanted and right_channel and re.fullmatch(pattern, path) is not None


class Proxy:
    """``passed`` lists the requests that reached the gateway, in order, as ``(method, path)``."""

    def __init__(self, target_port: int) -> None:
        self.passed: list[tuple[str, str]] = []
        self.troubles: list[Trouble] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self, target_port))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def put(self, step: str, fault: Fault, deployment: dict | None = None) -> Trouble:
        """``deployment``: a dict with its ``id`` and ``name``; None means every deployment."""
        trouble = Trouble(step, fault, **({"deployment": deployment} if deployment else {}))
        self.troubles.append(trouble)
        return trouble

    def end(self, *troubles: Trouble) -> None:
        """The faults end, all of them unless some are named; what is held back is dropped."""
        for trouble in troubles or list(self.troubles):
            self.troubles.remove(trouble)
            trouble.over.set()

    def count(self, step: str, deployment: dict) -> int:
        """How many requests of a step reached the gateway."""
        one = Trouble(step, Fault.CUT, deployment)
        return sum(one.befalls(method, path, False) for method, path in list(self.passed))

    def close(self) -> None:
        self.end()
        self._server.shutdown()
        self._server.server_close()


def _handler(proxy: Proxy, target_port: int) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            is_cli = self.headers.get("X-Nexdeck-Channel") == "cli"
            path = self.path.split("?")[0]
            trouble = next((t for t in proxy.troubles if t.befalls(self.command, path, is_cli)), None)
            if trouble is None:
                self.reply(*self.pass_on(body))
                return
            answer = self.pass_on(body) if trouble.fault not in (Fault.SILENT, Fault.REFUSED) else None
            trouble.met.set()
            if trouble.fault is Fault.RUBBISH:
                self.reply(200, [("Content-Type", "text/html")], RUBBISH)
                return
            if trouble.fault in (Fault.SILENT, Fault.LATE):
                trouble.over.wait(WAIT_SECONDS)
            self.close_connection = True
            if trouble.fault is Fault.LATE:
                self.reply(*answer)

        def pass_on(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
            connection = http.client.HTTPConnection("127.0.0.1", target_port, timeout=WAIT_SECONDS)
            try:
                connection.request(self.command, self.path, body, dict(self.headers))
                proxy.passed.append((self.command, self.path.split("?")[0]))
                answer = connection.getresponse()
                return answer.status, answer.getheaders(), answer.read()
            except (OSError, http.client.HTTPException):  # the gateway is away: so is this line to it
                self.close_connection = True
                return 0, [], b""
            finally:
                connection.close()

        def reply(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
            if not status:
                return
            self.send_response_only(status)
            for name, value in headers:
                if name.lower() not in ("content-length", "transfer-encoding", "connection", "date", "server"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def handle(self) -> None:
            with suppress(OSError):  # whoever asked has gone
                super().handle()

        def log_message(self, *_) -> None:
            pass

        do_GET = do_POST = do_PUT = do_DELETE = answer

    return Handler


@contextmanager
def proxy_to(port: int) -> Iterator[Proxy]:
    proxy = Proxy(port)
    try:
        yield proxy
    finally:
        proxy.close()
