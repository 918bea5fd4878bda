"""Every option of a deployment, once: what it is called, what it means, and how it is said on the command line.

The dialog, the settings tab, the comparison of revisions, ``nexdeck deploy`` and ``redeploy``, the schema of the REST
API and ``docs/options.md`` read this; ``apply`` and ``export`` have the same options from ``models.options``. Tests
hold that the two name the same, and that each reader knows each option. Standard library only: the command line starts
with it.
"""

from collections.abc import Callable
from typing import Any

from nexdeck.models.option_shape import Group, Notation, Option

OPTIONS = (
    Option(
        "channels",
        Group.ACCESS,
        label="Channels",
        words="channels",
        about="How callers reach it: api, cli, mcp; default: all three.",
        flag="--channels",
        notation=Notation.CHOICES,
        metavar="LIST",
    ),
    Option(
        "require_key",
        Group.ACCESS,
        label="Callers need a key",
        words="whether callers need a key",
        about="Refuse calls without a key.",
        flag="--require-key",
        notation=Notation.SWITCH,
    ),
    Option(
        "environment",
        Group.VARIABLES,
        label="Environment",
        words="variable",
        about="Plain environment variables.",
        flag="--env",
        notation=Notation.PAIRS,
        note="Repeatable.",
        metavar="K=V",
        adds=True,
    ),
    Option(
        "inherit_environment",
        Group.VARIABLES,
        label="Inherited variables",
        words="inherited variables",
        about="Which of the gateway's own variables it sees; default: all. PATH, HOME and the like are always seen.",
        flag="--inherit-env",
        notation=Notation.NAMES,
        note="Names by comma, all, or none.",
        metavar="LIST",
    ),
    Option(
        "secrets",
        Group.SECRETS,
        label="Secrets",
        words="secret",
        about="Stored secrets, each an environment variable of its name.",
        flag="--secret",
        notation=Notation.REPEATED,
        note="Repeatable.",
        metavar="NAME",
        adds=True,
    ),
    Option(
        "limits.rate_limit_per_minute",
        Group.LIMITS,
        label="Calls a minute",
        words="calls a minute",
        about="Calls a minute at most.",
        flag="--rate-limit",
        notation=Notation.COUNT,
    ),
    Option(
        "limits.max_concurrency",
        Group.LIMITS,
        label="Calls at once",
        words="calls at once",
        about="Calls at the same time at most.",
        flag="--concurrency",
        notation=Notation.COUNT,
    ),
    Option(
        "limits.timeout_seconds",
        Group.LIMITS,
        label="Timeout",
        words="timeout in seconds",
        about="How long one call may take; default: 60.",
        flag="--timeout",
        notation=Notation.NUMBER,
        metavar="SECONDS",
        unit="s",
    ),
    Option(
        "limits.max_request_kb",
        Group.LIMITS,
        label="Request size",
        words="request size in kB",
        about="How large the body of a request may be; default: 20 MB, as the gateway takes it.",
        flag="--max-request",
        notation=Notation.COUNT,
        note="0: the default.",
        metavar="KB",
        unit="kB",
        unset="20 MB",
        zero_is_none=True,
    ),
    Option(
        "sample_input",
        Group.SAMPLE,
        label="Sample input",
        words="sample input",
        about="The input of the proof; default: the agent's.",
        flag="--sample",
        notation=Notation.JSON,
        metavar="JSON|@FILE",
    ),
    Option(
        "canary.percent",
        Group.CANARY,
        label="Share of the calls",
        words="canary: percent of the calls",
        about="The share of the calls that a redeploy gets first.",
        flag="--canary",
        notation=Notation.COUNT,
        note="0: all at once.",
        metavar="PERCENT",
        unit="%",
    ),
    Option(
        "canary.minutes",
        Group.CANARY,
        label="For at most",
        words="canary: minutes at most",
        about="How long a canary is tried; default: 10.",
        flag="--canary-minutes",
        notation=Notation.NUMBER,
        unit="min",
    ),
    Option(
        "canary.calls",
        Group.CANARY,
        label="Or until it answered",
        words="canary: calls at most",
        about="Enough calls to judge a canary by.",
        flag="--canary-calls",
        notation=Notation.COUNT,
        unit="calls",
    ),
    Option(
        "record",
        Group.RECORDING,
        label="Kept of each call",
        words="what is kept of calls",
        about="Whether inputs and outputs of calls are kept.",
        flag="--keep",
        notation=Notation.PARTS,
        note="Of inputs,outputs; or none.",
        metavar="LIST",
        parts=("inputs", "outputs"),
    ),
    Option(
        "record.redact",
        Group.RECORDING,
        label="Leave out these fields",
        words="fields that are not kept",
        about="Left out of what is kept: a name at any depth, or a path like customer.card, without the "
        "numbers of list items.",
        flag="--redact",
        notation=Notation.REPEATED,
        note="Repeatable.",
        metavar="FIELD",
    ),
    Option(
        "record.days",
        Group.RECORDING,
        label="Keep for",
        words="days for which calls are kept",
        about="Days for which inputs and outputs are kept.",
        flag="--keep-days",
        notation=Notation.COUNT,
        unit="days",
        least=1,
        most=365,
    ),
    Option(
        "latency_limit_ms",
        Group.HEALTH,
        label="Latency limit",
        words="latency limit in milliseconds",
        about="Degraded when one call in twenty takes longer.",
        flag="--latency-limit",
        notation=Notation.NUMBER,
        note="0: no limit.",
        metavar="MS",
        unit="ms",
        hint=True,
        zero_is_none=True,
    ),
    Option(
        "synthetic_check",
        Group.HEALTH,
        label="Sample calls",
        words="sample calls",
        about="Call it with the sample input when nobody else does.",
        flag="--sample-calls",
        notation=Notation.SWITCH,
    ),
)
BY_PATH = {option.path: option for option in OPTIONS}


def label_of(path: str) -> str:
    return BY_PATH[path].label


def described(prefix: str = "") -> Callable[[dict[str, Any]], None]:
    """For a model whose fields lie below ``prefix``: its JSON schema says of each what the table says."""

    def describe(schema: dict[str, Any]) -> None:
        for name, field in schema.get("properties", {}).items():
            if option := BY_PATH.get(f"{prefix}{name}"):
                field |= {"title": option.label, "description": option.about}

    return describe
