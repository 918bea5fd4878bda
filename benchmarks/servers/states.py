"""Gateways that only tell their state: ``states.py FOLDER``; each ``PORT.json`` in the folder is what one answers.

``GET /count`` on any of its ports tells how many other requests were sent to all of them.
"""

import asyncio
import sys
from pathlib import Path

count = 0


def answering(body: bytes):
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        global count
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                is_count = head.startswith(b"GET /count")
                count += not is_count
                content = str(count).encode() if is_count else body
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(content) + content)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    return answer


async def main(bodies: dict[int, bytes]) -> None:
    servers = [await asyncio.start_server(answering(body), "127.0.0.1", port) for port, body in bodies.items()]
    await asyncio.gather(*(server.serve_forever() for server in servers))


asyncio.run(main({int(file.stem): file.read_bytes() for file in Path(sys.argv[1]).glob("*.json")}))
