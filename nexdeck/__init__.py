"""Nexdeck deploys AI agents to Nexus gateways and keeps them running. Everything of it is imported by this name."""
