"""Keeps what sends notices from reaching into private networks, whatever a name resolves to at that moment.

An address that was checked before may be another one when the connection is made, and a mail or chat library resolves
names by itself. So the connection is checked where every one of them must pass: Python raises the audit event
``socket.connect`` with the very address, and an exception there ends the attempt before a packet leaves.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from nexdeck.services.rules.addresses import PRIVATE, Network, why_refused

SETTING = "NEXDECK_NOTIFY_ALLOWED_NETWORKS"


@dataclass
class Guard:
    """``refused``: why a connection was not made, in words; libraries tend to lose what an exception said."""

    allowed: list[Network]
    refused: str | None = field(default=None)

    def check(self, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else None
        if not isinstance(host, str):
            self.refused = "It is not an address of a network."
        elif kind := why_refused(host, self.allowed):
            hint = f" Allow it with {SETTING} if that is meant." if kind == PRIVATE else ""
            self.refused = f"{host} is {kind}, and notices do not go there.{hint}"
        else:
            return
        raise PermissionError(self.refused)


_GUARD: ContextVar[Guard | None] = ContextVar("nexdeck_notice_guard", default=None)


@contextmanager
def guarded(allowed: list[Network]) -> Iterator[Guard]:
    """Inside, in this thread, connections go to public addresses and to ``allowed`` networks only."""
    _install()
    guard = Guard(allowed)
    token = _GUARD.set(guard)
    try:
        yield guard
    finally:
        _GUARD.reset(token)


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("socket.connect", "socket.sendto") and (guard := _GUARD.get()) is not None:
        guard.check(arguments[1])


_installed: list[bool] = []


def _install() -> None:
    """Once in a process, and only when the first notice is sent: an audit hook cannot be taken out again."""
    if not _installed:
        _installed.append(True)
        sys.addaudithook(_watch)
