"""A model server for tests, as a process of its own: speaks the OpenAI, Anthropic and Ollama chat protocols.

It answers JSON with the question echoed, and lets a test see what it was sent: the answer names the credential and the
model of the very call. Words in the question change its behaviour: ``BOOM`` fails, ``PROSE`` answers no JSON,
``MISSING`` leaves the fields out, ``TEXT`` answers numbers as text.

``python -m tests.fake_llm --delay 0.2`` prints its port, and serves until it is killed.
"""

import argparse
import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web


@contextmanager
def fake_model(delay: float = 0.0) -> Iterator[str]:
    """The address of a model server that runs within the block, e.g. ``http://127.0.0.1:41234``."""
    command = [sys.executable, "-m", "tests.fake_llm", "--delay", str(delay)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


def _answer(question: str, credential: str, model: str) -> str:
    if "PROSE" in question:
        return "I would rather talk."
    if "MISSING" in question:
        return json.dumps({"unrelated": 1})
    confidence = "0.5" if "TEXT" in question else 0.5
    return json.dumps({"answer": question, "credential": credential, "model": model, "confidence": confidence})


def _text_of(content: str | list) -> str:
    return content if isinstance(content, str) else " ".join(part.get("text", "") for part in content)


class FakeModel:
    def __init__(self, delay: float) -> None:
        self._delay = delay

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self._openai)
        app.router.add_post("/v1/messages", self._anthropic)
        app.router.add_post("/api/chat", self._ollama)
        return app

    async def _reply(self, request: web.Request, credential: str) -> str:
        body = await request.json()
        await asyncio.sleep(self._delay)
        question = _text_of(body["messages"][-1]["content"])
        if "BOOM" in question:
            raise web.HTTPTooManyRequests(text="slow down") if "LATER" in question else _error(500, "the model broke")
        if credential == "wrong":
            raise _error(401, "invalid api key")
        return _answer(question, credential, body.get("model", ""))

    async def _openai(self, request: web.Request) -> web.Response:
        text = await self._reply(request, request.headers.get("Authorization", "").removeprefix("Bearer "))
        message = {"role": "assistant", "content": text}
        return web.json_response(
            {
                "id": "1",
                "object": "chat.completion",
                "created": 1,
                "model": "fake",
                "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
                "usage": {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12},
            }
        )

    async def _anthropic(self, request: web.Request) -> web.Response:
        text = await self._reply(request, request.headers.get("x-api-key", ""))
        return web.json_response(
            {
                "id": "1",
                "type": "message",
                "role": "assistant",
                "model": "fake",
                "content": [{"type": "text", "text": text}],
                "stop_reason": "end_turn",
                "usage": {"input_tokens": 7, "output_tokens": 5},
            }
        )

    async def _ollama(self, request: web.Request) -> web.Response:
        text = await self._reply(request, "")
        message = {"role": "assistant", "content": text}
        return web.json_response({"model": "fake", "message": message, "done": True, "done_reason": "stop"})


def _error(status: int, message: str) -> web.HTTPException:
    kinds = {401: web.HTTPUnauthorized, 500: web.HTTPInternalServerError}
    return kinds[status](text=json.dumps({"error": {"message": message}}), content_type="application/json")


async def _serve(delay: float) -> None:
    runner = web.AppRunner(FakeModel(delay).app(), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--delay", type=float, default=0.0, help="seconds that an answer takes")
    asyncio.run(_serve(parser.parse_args().delay))
