"""The gateway host: a process that serves deployed agents over REST, MCP and A2A, with real Nexus underneath.

Read it from the door inwards: ``server`` (which path goes where) → ``channels`` → ``serving.host`` (deployments and
revisions) → ``serving.invocation`` (one call of one agent) → ``agents.loading`` (from a module's text to something
callable). ``agents.runtime`` and ``agents.workflows`` alone import nexus and kailash, ``llm`` kaizen, ``channels.mcp``
mcp. Of the rest of Nexdeck only the contract is shared: ``models.control`` and what it is made of.
"""
