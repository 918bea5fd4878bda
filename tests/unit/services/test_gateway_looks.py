"""How a read from a gateway ends, whatever answers at its address: in the words that people get to see."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from nexdeck.services.errors import GatewayRefused, GatewayUnreachable, OutcomeUnknown, StudioError, TokenRefused
from nexdeck.services.gateways import client as gateway_client
from nexdeck.services.gateways.connections import GatewayConnections

PROBLEM = b'{"detail": "no", "code": "unauthorized"}'


@asynccontextmanager
async def answering(what: bytes, *, then_hold: bool = False) -> AsyncIterator[str]:
    """The address of a server that answers every request with those bytes, then closes the connection."""
    ended = asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(what)
        if then_hold:
            await ended.wait()
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        ended.set()
        server.close()
        await server.wait_closed()


async def failure_at(url: str) -> StudioError:
    connections = GatewayConnections()
    try:
        with pytest.raises(StudioError) as raised:
            await connections.to(url, "token").state()
    finally:
        await connections.close()
    return raised.value


def http(status: str, body: bytes) -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status.encode(), len(body), body)


@pytest.mark.parametrize(
    ("what", "kind", "words"),
    [
        (b"", OutcomeUnknown, "Nothing usable answers"),
        (b"\x15\x03\x01\x00\x02\x02\x46", OutcomeUnknown, "begin the address with https://"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", OutcomeUnknown, "Nothing usable answers"),
        (http("200 OK", b"<html>"), GatewayRefused, "not a Nexdeck gateway"),
        (http("404 Not Found", b"<html>"), GatewayRefused, "not a Nexdeck gateway"),
        (http("302 Found", b""), GatewayRefused, "not a Nexdeck gateway"),
        (http("401 Unauthorized", PROBLEM), TokenRefused, "refused the token"),
        (http("200 OK", b"x" * (17 << 20)), OutcomeUnknown, "more than 16 MB"),
    ],
)
async def test_what_is_no_usable_answer_is_told(what: bytes, kind: type[StudioError], words: str) -> None:
    async with answering(what) as url:
        error = await failure_at(url)
    assert type(error) is kind
    assert words in error.message
    assert url in error.message


async def test_one_that_does_not_answer_in_time_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway_client, "STATE_TIMEOUT", httpx.Timeout(0.2))
    async with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", then_hold=True) as url:
        error = await failure_at(url)
    assert type(error) is OutcomeUnknown
    assert "did not answer in time" in error.message


async def test_where_nobody_listens_nothing_was_sent() -> None:
    async with answering(b"") as url:
        pass
    error = await failure_at(url)
    assert type(error) is GatewayUnreachable
    assert "Connection refused" in error.message


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://169.254.169.254", "a cloud's metadata service"),
        ("http://10.0.0.1:8401", "in a private network"),
        ("http://gateway.invalid:8401", "gateway.invalid is not known"),
    ],
)
async def test_no_connection_is_made_to_where_no_gateway_may_be(url: str, words: str) -> None:
    error = await failure_at(url)
    assert type(error) is GatewayUnreachable
    assert words in error.message
