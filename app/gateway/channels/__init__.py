"""How callers come in: REST, event streams, MCP and A2A, and who may."""

DOORS = ("a2a", "access", "bodies", "execute", "mcp")
