"""Choices that people make by their words, for programs that must start fast: nothing but the standard library."""

from datetime import timedelta
from enum import StrEnum


class Channel(StrEnum):
    """How callers reach an agent."""

    API = "api"
    CLI = "cli"
    MCP = "mcp"


class Range(StrEnum):
    """How far back from now."""

    QUARTER = "15m"
    HOUR = "1h"
    SIX_HOURS = "6h"
    DAY = "24h"
    WEEK = "7d"
    MONTH = "30d"
    SEASON = "90d"

    @property
    def span(self) -> timedelta:
        number, unit = int(self.value[:-1]), self.value[-1]
        return timedelta(**{{"m": "minutes", "h": "hours", "d": "days"}[unit]: number})
