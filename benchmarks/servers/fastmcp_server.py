"""Baseline: the trivial function as a tool of FastMCP's own Streamable HTTP server, as it comes."""

import sys

from mcp.server.fastmcp import FastMCP

server = FastMCP("baseline", host="127.0.0.1", port=int(sys.argv[1]), log_level="ERROR")


@server.tool()
async def trivial(text: str) -> dict:
    return {"text": text}


server.run("streamable-http")
