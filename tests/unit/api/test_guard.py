"""No foreign page reaches us: Host and Origin of HTTP requests and of websockets."""

from typing import Any

import pytest

from nexdeck.app.guard import HostAndOriginGuard

Headers = list[tuple[str, str]]


async def _inside(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await send({"type": "let in"})


GUARD = HostAndOriginGuard(_inside, ["Deck.intra", "other.intra:9000", " ", "localhost", "127.0.0.1"])


async def _ask(kind: str, headers: Headers, path: str = "/") -> dict[str, Any]:
    """The first message that comes back."""
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    raw = [(name.encode(), value.encode()) for name, value in headers]
    await GUARD({"type": kind, "headers": raw, "path": path}, None, send)
    return sent[0]


LET_IN = [
    ("127.0.0.1:8400", None),
    ("localhost", None),
    ("LOCALHOST:1", None),
    ("[::1]:8400", None),
    ("deck.intra", None),
    ("deck.intra:8400", None),
    ("other.intra:9000", None),
    ("127.0.0.1:8400", "http://127.0.0.1:8400"),
    ("localhost:8400", "http://localhost:8400"),
    ("[::1]:8400", "http://[::1]:8400"),
    ("deck.intra:8400", "http://deck.intra:8400"),
    ("deck.intra", "https://deck.intra"),
    ("127.0.0.1:8400", "https://deck.intra"),
    ("127.0.0.1:8400", "https://other.intra:9000"),
]
KEPT_OUT = [
    ("evil.example", None),
    ("evil.example:8400", None),
    ("127.0.0.1.evil.example", None),
    ("127.0.0.1:8400.evil.example", None),
    ("localhost.", None),
    ("user@localhost", None),
    ("0.0.0.0:8400", None),
    ("2130706433", None),
    ("[::ffff:127.0.0.1]", None),
    ("::1", None),
    ("", None),
    ("evil.example", "http://evil.example"),
    ("127.0.0.1:8400", "null"),
    ("127.0.0.1:8400", ""),
    ("127.0.0.1:8400", "http://evil.example"),
    ("127.0.0.1:8400", "http://127.0.0.1:3000"),
    ("127.0.0.1:8400", "http://localhost:8400"),
    ("127.0.0.1:8400", "http://localhost"),
    ("127.0.0.1:8400", "http://127.0.0.1"),
    ("127.0.0.1:8400", "http://127.0.0.1:8400.evil.example"),
    ("127.0.0.1:8400", "http://evil.example#127.0.0.1:8400"),
    ("127.0.0.1:8400", "http://127.0.0.1:8400@evil.example"),
    ("127.0.0.1:8400", "file://127.0.0.1:8400"),
    ("127.0.0.1:8400", "chrome-extension://abc"),
    ("127.0.0.1:8400", "http://[::1"),
    ("127.0.0.1:8400", "http://deck.intra:1234"),
    ("127.0.0.1:8400", "http://other.intra"),
]


def _headers(host: str, origin: str | None) -> Headers:
    return [("host", host)] + ([] if origin is None else [("origin", origin)])


@pytest.mark.parametrize(("host", "origin"), LET_IN)
async def test_our_own_names_and_pages_are_let_in(host: str, origin: str | None) -> None:
    assert await _ask("http", _headers(host, origin)) == {"type": "let in"}
    assert await _ask("websocket", _headers(host, origin)) == {"type": "let in"}


SECOND_HEADERS = [
    [("host", "127.0.0.1"), ("host", "evil.example")],
    [("host", "127.0.0.1"), ("origin", "http://127.0.0.1"), ("origin", "http://evil.example")],
]


@pytest.mark.parametrize("headers", [*(_headers(*case) for case in KEPT_OUT), *SECOND_HEADERS, []])
async def test_others_are_kept_out(headers: Headers) -> None:
    answer = await _ask("http", headers)
    assert answer["status"] == 403
    assert (b"content-type", b"application/problem+json") in answer["headers"]
    assert (await _ask("websocket", headers))["type"] == "websocket.close"


@pytest.mark.parametrize("path", ["/a\r\nX-Evil: 1", "/api/v1/agents/\0", "/\x7f", "/\x85"])
async def test_addresses_with_control_characters_are_kept_out(path: str) -> None:
    assert (await _ask("http", [("host", "localhost")], path))["status"] == 403
    assert (await _ask("http", [("host", "localhost")], "/api/v1/agents/ü")) == {"type": "let in"}
