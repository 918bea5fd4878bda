"""The options of a deployment as the settings tab tells them: label → value in words. Pure."""

import json
from typing import Any

from nexdeck.models.agent import AgentVersion
from nexdeck.models.manifest import Recording
from nexdeck.models.option_shape import Notation, Option, names_as_text
from nexdeck.models.option_table import OPTIONS
from nexdeck.models.options import CanaryPlan, DeploymentOptions
from nexdeck.pages.words import CHANNELS

NONE = "none"
LISTS = (Notation.NAMES, Notation.PAIRS, Notation.REPEATED, Notation.JSON)  # as they are written


def option_facts(options: DeploymentOptions, artifact: AgentVersion) -> dict[str, str]:
    """In the order of the table; those of a canary together, and those of what is kept."""
    sample = options.sample_input if options.sample_input is not None else artifact.sample
    own_words = {
        "channels": ", ".join(CHANNELS[channel] for channel in options.channels),
        "secrets": ", ".join(sorted({*options.secrets, *artifact.secrets})) or NONE,
        "synthetic_check": "every five minutes when nobody else calls it" if options.synthetic_check else "no",
        "record": _recording(options.record),
        "sample_input": json.dumps(sample or {}, indent=2, ensure_ascii=False),
    }
    facts: dict[str, str] = {}
    for option in OPTIONS:
        if option.path.startswith("canary."):
            facts["A redeploy switches"] = _canary(options.canary)
        elif not option.path.startswith("record."):  # ``record`` tells those too
            facts[option.label] = own_words.get(option.path) or _words(option, options.at(option.path))
    return facts


def is_code(label: str, text: str) -> bool:
    return text != NONE and any(option.label == label and option.notation in LISTS for option in OPTIONS)


def _words(option: Option, value: Any) -> str:
    match option.notation:
        case Notation.SWITCH:
            return "yes" if value else "no"
        case Notation.COUNT | Notation.NUMBER:
            return option.unset if value is None else f"{value:,.10g} {option.unit}".strip()
        case Notation.PAIRS:
            return "\n".join(f"{name}={each}" for name, each in value.items()) or NONE
    return names_as_text(value)


def _recording(record: Recording) -> str:
    kept = " and ".join(name for name in ("inputs", "outputs") if getattr(record, name))
    if not kept:
        return "that it took place"
    without = f", without {', '.join(record.redact)}" if record.redact else ""
    return f"{kept}, for {record.days} {'day' if record.days == 1 else 'days'}{without}"


def _canary(plan: CanaryPlan | None) -> str:
    if plan is None:
        return "all callers at once"
    calls = f" or {plan.calls:,} calls" if plan.calls else ""
    return f"{plan.percent}% of them first, the rest after {plan.minutes:g} min{calls}"
