"""Every option of a deployment, once: what it is called, and how it is said on the command line.

The dialog, the settings tab, the comparison of revisions, ``nexdeck deploy`` and ``redeploy`` and ``docs/options.md``
read this; the REST API, ``apply`` and ``export`` have the same options from ``models.options``. A test holds that the
two name the same. Standard library only: the command line starts with it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto


class Notation(Enum):
    """How a value is written on the command line."""

    SWITCH = auto()  # --flag or --no-flag
    COUNT = auto()  # a whole number
    NUMBER = auto()
    CHOICES = auto()  # words by comma
    NAMES = auto()  # names by comma, or all, or none
    REPEATED = auto()  # --flag NAME --flag NAME
    PAIRS = auto()  # --flag NAME=VALUE --flag NAME=VALUE
    PARTS = auto()  # words by comma, or none: each of ``parts`` is on or off
    JSON = auto()  # a text, or @FILE


@dataclass(frozen=True)
class Option:
    path: str  # in DeploymentOptions, dotted
    label: str  # of its field in the dialog, and in the settings tab
    words: str  # in a sentence, and where revisions are compared
    flag: str
    notation: Notation
    help: str
    metavar: str = "N"
    unit: str = ""
    adds: bool = False  # on the command line: to what there is, instead of in its place
    zero_is_none: bool = False
    least: int | None = None
    most: int | None = None
    parts: tuple[str, ...] = ()


OPTIONS = (
    Option(
        "channels",
        "Channels",
        "channels",
        "--channels",
        Notation.CHOICES,
        "Of api,cli,mcp; default: all three.",
        "LIST",
    ),
    Option(
        "require_key",
        "Callers need a key",
        "whether callers need a key",
        "--require-key",
        Notation.SWITCH,
        "Refuse calls without a key.",
    ),
    Option(
        "environment",
        "Environment",
        "variable",
        "--env",
        Notation.PAIRS,
        "A variable; may be repeated.",
        "K=V",
        adds=True,
    ),
    Option(
        "inherit_environment",
        "Inherited variables",
        "inherited variables",
        "--inherit-env",
        Notation.NAMES,
        "Those of the gateway's own that it sees: names by comma, all, or none (but PATH and the like); default: all.",
        "LIST",
    ),
    Option(
        "secrets",
        "Secrets",
        "secret",
        "--secret",
        Notation.REPEATED,
        "A stored secret; repeatable.",
        "NAME",
        adds=True,
    ),
    Option(
        "limits.rate_limit_per_minute",
        "Calls a minute",
        "calls a minute",
        "--rate-limit",
        Notation.COUNT,
        "Calls a minute at most.",
    ),
    Option(
        "limits.max_concurrency",
        "Calls at once",
        "calls at once",
        "--concurrency",
        Notation.COUNT,
        "Calls at the same time at most.",
    ),
    Option(
        "limits.timeout_seconds",
        "Timeout",
        "timeout in seconds",
        "--timeout",
        Notation.NUMBER,
        "How long one call may take; default: 60.",
        "SECONDS",
        unit="s",
    ),
    Option(
        "sample_input",
        "Sample input",
        "sample input",
        "--sample",
        Notation.JSON,
        "The input of the proof; default: the agent's.",
        "JSON|@FILE",
    ),
    Option(
        "canary.percent",
        "Share of the calls",
        "canary: percent of the calls",
        "--canary",
        Notation.COUNT,
        "A redeploy first gets that share of the calls; 0: all at once.",
        "PERCENT",
        unit="%",
    ),
    Option(
        "canary.minutes",
        "For at most",
        "canary: minutes at most",
        "--canary-minutes",
        Notation.NUMBER,
        "How long a canary is tried; default: 10.",
        unit="min",
    ),
    Option(
        "canary.calls",
        "Or until it answered",
        "canary: calls at most",
        "--canary-calls",
        Notation.COUNT,
        "Enough calls to judge a canary by.",
        unit="calls",
    ),
    Option(
        "record",
        "Kept of each call",
        "what is kept of calls",
        "--keep",
        Notation.PARTS,
        "Of inputs,outputs: kept of each call; or none.",
        "LIST",
        parts=("inputs", "outputs"),
    ),
    Option(
        "record.redact",
        "Leave out these fields",
        "fields that are not kept",
        "--redact",
        Notation.REPEATED,
        "Left out of what is kept; repeatable.",
        "FIELD",
    ),
    Option(
        "record.days",
        "Keep for",
        "days for which calls are kept",
        "--keep-days",
        Notation.COUNT,
        "Days for which that is kept.",
        unit="days",
        least=1,
        most=365,
    ),
    Option(
        "latency_limit_ms",
        "Latency limit",
        "latency limit in milliseconds",
        "--latency-limit",
        Notation.NUMBER,
        "Degraded when one call in twenty takes longer; 0: no limit.",
        "MS",
        unit="ms",
        zero_is_none=True,
    ),
    Option(
        "synthetic_check",
        "Sample calls",
        "sample calls",
        "--sample-calls",
        Notation.SWITCH,
        "Call it with its sample when nobody else does.",
    ),
)
BY_PATH = {option.path: option for option in OPTIONS}


def label_of(path: str) -> str:
    return BY_PATH[path].label


def names_in(text: str | None) -> list[str] | None:
    """Names by comma; None, which is all of them, for nothing or ``all``; an empty list for ``none``."""
    names = [name.strip() for name in (text or "").split(",") if name.strip()]
    if names in ([], ["all"]):
        return None
    return [] if names == ["none"] else names


def names_as_text(names: Iterable[str] | None) -> str:
    """What ``names_in`` reads as the same."""
    return "all" if names is None else ", ".join(names) or "none"
