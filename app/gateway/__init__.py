"""The gateway host: a process that serves deployed agents over REST, MCP and A2A, with real Nexus underneath.

Read it from the door inwards: ``server`` (who answers at which path) → ``channels.execute`` (and its siblings) →
``serving.host`` (deployments and their revisions) → ``serving.revision`` (one, loaded) → ``serving.invocation`` (one
call) → ``agents.loading`` (from a module's text to something callable). Beside that way lie ``control`` (how control
planes come in), ``telemetry`` (what they collect), ``llm`` (model calls) and ``ground`` (what all rooms stand on).
``agents.runtime`` and ``agents.workflows`` alone import nexus and kailash, ``llm`` kaizen, ``channels.mcp`` mcp. Of the
rest of Nexdeck only the contract is shared: ``models.control`` and what it is made of.
"""
