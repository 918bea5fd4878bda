"""Many calls at once of a declarative agent whose model takes 200 ms to answer."""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import httpx_aiohttp

from benchmarks.processes import HTTP, ROOT, nexdeck
from benchmarks.report import Figure
from tests.fake_llm import fake_model

CALLS = 200
MODEL_SECONDS = 0.2
AGENT = """name: asker
version: 1.0.0
description: Asks the fake model.
instructions: Answer the question.
inputs:
  - {{name: question, description: what to ask}}
outputs:
  - {{name: answer, description: the answer}}
provider: openai
model: fake
base_url: {url}
api_key_secret: FAKE_MODEL_KEY
sample: {{question: warm}}
"""


def concurrent_calls() -> list[Figure]:
    with fake_model(MODEL_SECONDS) as url, nexdeck(NEXDECK_LLM_ALLOWED_HOSTS="127.0.0.1") as studio:
        HTTP.put(f"{studio.url}/api/v1/secrets/FAKE_MODEL_KEY", json={"value": "key-1"}).raise_for_status()
        studio.add_agent("asker", AGENT.format(url=url), "yaml")
        deployed = studio.deploy("asker")
        asyncio.run(_ask(deployed["api_endpoint"]))
        seconds, right = asyncio.run(_ask(deployed["api_endpoint"]))
        module = HTTP.get(f"{studio.url}/api/v1/agents/asker/versions/1.0.0/module").text
        stock_seconds, stock_right = _stock(module)
    rate, stock_rate = right / seconds, stock_right / stock_seconds
    name, note = (
        f"{CALLS} calls at once, model takes 200 ms",
        f"right: {right} in {seconds:.2f} s; Kaizen's own: {stock_right} in {stock_seconds:.2f} s",
    )
    met = right == CALLS and rate >= 10 * stock_rate
    return [Figure(name, rate, "right answers/s", "Kaizen's run_async", stock_rate, "all right, ≥ 10 ×", met, note)]


async def _ask(url: str) -> tuple[float, int]:
    limits = httpx.Limits(max_connections=CALLS)
    # httpx's own pool is O(n²) in its connections, and would be what is measured
    async with httpx_aiohttp.HttpxAiohttpClient(trust_env=False, timeout=60, limits=limits) as http:
        questions = [f"question {number:03}" for number in range(CALLS)]
        began = time.perf_counter()
        answers = await asyncio.gather(*(http.post(url, json={"inputs": {"question": q}}) for q in questions))
        seconds = time.perf_counter() - began
    return seconds, sum(q in answer.text and answer.is_success for q, answer in zip(questions, answers, strict=True))


def _stock(module: str) -> tuple[float, int]:
    with tempfile.NamedTemporaryFile("w", suffix=".py") as file:
        Path(file.name).write_text(module)
        command = [sys.executable, "benchmarks/servers/stock_kaizen.py", file.name, str(CALLS)]
        env = {"FAKE_MODEL_KEY": "key-1", "PATH": "", "PYTHONPATH": str(ROOT)}
        result = subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True, text=True)
    found = json.loads(result.stdout.splitlines()[-1])
    return found["seconds"], found["right"]
