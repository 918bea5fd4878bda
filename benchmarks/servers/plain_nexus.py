"""Baseline: the trivial function as a Nexus handler under ``app.start()``, durability off, all else as it comes."""

import sys

from nexus import Nexus

port = int(sys.argv[1])
app = Nexus(api_port=port, mcp_port=int(sys.argv[2]), enable_durability=False, rate_limit=None, enable_auth=False)


@app.handler("trivial")
async def trivial(text: str) -> dict:
    return {"text": text}


app.start()
