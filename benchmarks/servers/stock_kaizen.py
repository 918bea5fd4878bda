"""Baseline: the same generated module under Kaizen's own ``run_async``, all calls at once in one process.

``stock_kaizen.py MODULE CALLS`` prints seconds and how many answers were right. Kaizen refuses model servers on
loopback; that check is lifted here, since the fake model is nowhere else.
"""

import asyncio
import importlib.util
import json
import logging
import sys
import time

import kaizen.llm.deployment as deployment
from kaizen.llm import http_client

logging.disable(logging.CRITICAL)
deployment.check_url = lambda url, **_: None
http_client.SafeDnsResolver.check_host = lambda self, host: None


async def main(path: str, calls: int) -> None:
    spec = importlib.util.spec_from_file_location("artifact", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    agent = module.agent()
    await asyncio.gather(agent.run_async(question="warm"), return_exceptions=True)
    began = time.perf_counter()
    questions = [f"question {n:03}" for n in range(calls)]
    answers = await asyncio.gather(*(agent.run_async(question=q) for q in questions), return_exceptions=True)
    seconds = time.perf_counter() - began
    right = sum(isinstance(a, dict) and q in str(a.get("answer")) for q, a in zip(questions, answers, strict=True))
    print(json.dumps({"seconds": seconds, "right": right}))


asyncio.run(main(sys.argv[1], int(sys.argv[2])))
