"""A line to a gateway on another host, which can be cut: a network namespace of its own where that is permitted, else
another loopback address behind a relay that hangs up."""

import asyncio
import contextlib
import os
import shutil
import subprocess
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.gateway_process import TOKEN
from tests.programs import ROOT, free_port

SUBNET = f"10.231.{os.getpid() % 250}"
ALLOWED = f"{SUBNET}.0/24"


class Link(ABC):
    """``host`` and ``port`` are where the control plane reaches the gateway; ``inside`` is how its own host does."""

    def __init__(self, host: str, port: int, inside: str, prefix: tuple[str, ...] = (), listens_on: str = "") -> None:
        self.host, self.port, self.inside = host, port, inside
        self._prefix = prefix
        self._listens_on = listens_on or inside
        self._process: subprocess.Popen | None = None

    def start_gateway(self, folder: Path, *options: str) -> None:
        folder.mkdir(exist_ok=True)
        host, _, port = self._listens_on.rpartition(":")
        command = [*self._prefix, sys.executable, "-m", "nexdeck.app.gateway", "--host", host, "--port", port, *options]
        env = os.environ | {"NEXDECK_GATEWAY_TOKEN": TOKEN}
        with (folder / "process.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "--data-dir", str(folder)], cwd=ROOT, env=env, stdout=log, stderr=log
            )

    def kill_gateway(self) -> None:
        if self._process is not None:
            self._process.kill()  # `ip netns exec` becomes the program that it starts
            self._process.wait()

    def call_inside(self, scheme: str, path: str, body: str) -> str:
        """What a caller on the gateway's own host is answered; empty when it is not."""
        command = ["curl", "-sk", "--noproxy", "*", "-m", "20", f"{scheme}://{self.inside}{path}", "-d", body]
        done = subprocess.run(
            [*self._prefix, *command, "-H", "Content-Type: application/json"], capture_output=True, text=True
        )
        return done.stdout

    @abstractmethod
    def cut(self) -> None: ...

    @abstractmethod
    def restore(self) -> None: ...

    @abstractmethod
    def close(self) -> None: ...


class NamespaceLink(Link):
    """The other end of the pair goes down, so that nothing is sent anywhere else."""

    def __init__(self, number: int) -> None:
        self._name, self._outer, self._inner = (f"nxd{end}{os.getpid()}-{number}" for end in ("n", "o", "i"))
        ours, theirs = f"{SUBNET}.{number * 4 + 1}", f"{SUBNET}.{number * 4 + 2}"
        super().__init__(theirs, 8401, "127.0.0.1:8401", ("ip", "netns", "exec", self._name), "0.0.0.0:8401")
        _ip("netns", "add", self._name)
        try:
            _ip("link", "add", self._outer, "type", "veth", "peer", "name", self._inner, "netns", self._name)
            _ip("addr", "add", f"{ours}/30", "dev", self._outer)
            _ip("-n", self._name, "addr", "add", f"{theirs}/30", "dev", self._inner)
            _ip("link", "set", self._outer, "up")
            _ip("-n", self._name, "link", "set", "lo", "up")
            self.restore()
        except subprocess.CalledProcessError:
            self.close()
            raise

    def cut(self) -> None:
        _ip("-n", self._name, "link", "set", self._inner, "down")

    def restore(self) -> None:
        _ip("-n", self._name, "link", "set", self._inner, "up")

    def close(self) -> None:
        self.kill_gateway()
        with contextlib.suppress(subprocess.CalledProcessError):
            _ip("link", "del", self._outer)
        _ip("netns", "del", self._name)


class RelayLink(Link):
    """Bytes pass through a relay; cut, it hangs up on everybody."""

    def __init__(self, number: int) -> None:
        super().__init__("127.0.0.1", free_port(), f"127.0.0.{number + 2}:{free_port()}")
        self._is_cut = False
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def cut(self) -> None:
        self._is_cut = True
        self._loop.call_soon_threadsafe(lambda: [writer.transport.abort() for writer in self._writers])

    def restore(self) -> None:
        self._is_cut = False

    def close(self) -> None:
        self.kill_gateway()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(asyncio.start_server(self._relay, "127.0.0.1", self.port))
        self._loop.run_forever()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, _, port = self.inside.rpartition(":")
        try:
            if self._is_cut:
                return
            other_reader, other = await asyncio.open_connection(host, int(port))
            self._writers |= {writer, other}
            try:
                await asyncio.gather(_pump(reader, other), _pump(other_reader, writer))
            finally:
                self._writers -= {writer, other}
                other.transport.abort()
        except OSError:
            pass  # one of both ends has gone
        finally:
            writer.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=30)


@contextmanager
def links(count: int) -> Iterator[list[Link]]:
    """Namespaces need root and ``ip``; whoever may not make them gets relays."""
    made: list[Link] = []
    kind = NamespaceLink if shutil.which("ip") and hasattr(os, "geteuid") and os.geteuid() == 0 else RelayLink
    try:
        try:
            made.extend(kind(number) for number in range(count))
        except subprocess.CalledProcessError:  # root, yet not permitted: a container
            made.extend(RelayLink(number) for number in range(len(made), count))
        yield made
    finally:
        for link in made:
            link.close()
