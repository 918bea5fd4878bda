"""The gateway host: a process that serves deployed agents over REST and MCP, with real Nexus underneath.

Read it in this order: ``server`` (what answers which path), ``host`` (deployments and revisions), ``invocation`` (one
call of one agent), ``loading`` (from a module's text to something callable). ``runtime`` is the only importer of nexus
and kailash, ``kaizen_llm`` of kaizen, ``mcp_server`` of mcp. Of the rest of Nexdeck only ``models.wire`` is shared.
"""
