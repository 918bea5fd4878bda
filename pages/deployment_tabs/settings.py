"""The options in force, what a redeploy under way changes of them, and the keys that callers use."""

import json

from nicegui import ui

from nexdeck.models.agent import AgentVersion
from nexdeck.models.option_table import OPTIONS, names_as_text
from nexdeck.models.options import CanaryPlan, DeploymentOptions
from nexdeck.models.wire import Recording
from nexdeck.pages.components.deployments.lifecycle import LifecycleAction, possible
from nexdeck.pages.components.keys.card import KeysCard
from nexdeck.pages.components.widgets.banner import banner
from nexdeck.pages.components.widgets.buttons import Button
from nexdeck.pages.components.widgets.section import Section
from nexdeck.pages.deployment_tabs.context import TabContext
from nexdeck.pages.words import CHANNELS
from nexdeck.services.deployments.views import DeploymentDetail

MONO = ("Environment", "Inherited variables", "Secrets", "Sample input")
NONE = "none"


class SettingsTab:
    def __init__(self, context: TabContext, detail: DeploymentDetail) -> None:
        self._studio = context.studio
        self._lifecycle = context.lifecycle
        self._id = detail.summary.deployment.id
        self._name = detail.summary.deployment.name
        with ui.element("div").classes("stack wide"):
            self._coming = Section(_show_coming, _coming)
            self._options = Section(self._show_options, lambda d: (d.options, possible(d.summary)))
            keys = KeysCard(self._studio, self._id, self._name)
            self._keys = Section(keys.build, keys.state)

    def show(self, detail: DeploymentDetail) -> None:
        self._coming.show(detail)
        self._options.show(detail)
        self._keys.show(detail)

    def _show_options(self, detail: DeploymentDetail) -> None:
        with ui.element("div").classes("card"):
            with ui.element("div").classes("card-head"):
                ui.label("Options").classes("h2")
                if LifecycleAction.REDEPLOY in possible(detail.summary):
                    edit = Button(
                        "Change and redeploy", lambda: self._lifecycle.do(LifecycleAction.REDEPLOY, detail.summary)
                    )
                    edit.classes("small")
            with ui.element("div").classes("card-body"), ui.element("dl").classes("facts"):
                for term, text in _option_words(detail.options, detail.artifact).items():
                    with ui.element("dt"):
                        ui.label(term)
                    with ui.element("dd"):
                        ui.label(text).classes("keep mono" if term in MONO and text != NONE else "keep")


def _recording_words(record: Recording) -> str:
    kept = " and ".join(name for name in ("inputs", "outputs") if getattr(record, name))
    if not kept:
        return "that it took place"
    without = f", without {', '.join(record.redact)}" if record.redact else ""
    return f"{kept}, for {record.days} {'day' if record.days == 1 else 'days'}{without}"


def _canary_words(plan: CanaryPlan | None) -> str:
    if plan is None:
        return "all callers at once"
    calls = f" or {plan.calls:,} calls" if plan.calls else ""
    return f"{plan.percent}% of them first, the rest after {plan.minutes:g} min{calls}"


def _coming(detail: DeploymentDetail) -> tuple[int, list[str]] | None:
    """The revision that is on its way, as a canary too, and what is other than before; None: there is none."""
    newest = detail.revisions[0]
    if detail.live is None or newest.number <= detail.live.number or detail.summary.operation is None:
        return None
    options = DeploymentOptions.model_validate(newest.options)
    before = _option_words(detail.options, detail.artifact)
    after = _option_words(options, detail.artifact)
    return newest.number, [f"{term}: {before[term]} → {text}" for term, text in after.items() if before[term] != text]


def _show_coming(detail: DeploymentDetail) -> None:
    if (coming := _coming(detail)) is not None:
        number, changed = coming
        what = "\n".join(["with other options:", *changed]) if changed else "with the same options."
        banner(f"Below is what is live. Revision {number} is on its way, {what}", "info")


def _option_words(options: DeploymentOptions, artifact: AgentVersion) -> dict[str, str]:
    limits = options.limits
    sample = options.sample_input if options.sample_input is not None else artifact.sample
    shown = {
        "channels": ", ".join(CHANNELS[channel] for channel in options.channels),
        "require_key": "yes" if options.require_key else "no",
        "environment": "\n".join(f"{name}={value}" for name, value in options.environment.items()) or NONE,
        "inherit_environment": names_as_text(options.inherit_environment),
        "secrets": ", ".join(sorted({*options.secrets, *artifact.secrets})) or NONE,
        "limits.timeout_seconds": f"{limits.timeout_seconds:g} s",
        "limits.max_concurrency": f"{limits.max_concurrency:,}" if limits.max_concurrency else "no limit",
        "limits.rate_limit_per_minute": _rate(limits.rate_limit_per_minute),
        "latency_limit_ms": f"{options.latency_limit_ms:,.0f} ms" if options.latency_limit_ms else "no limit",
        "synthetic_check": "every five minutes when nobody else calls it" if options.synthetic_check else "no",
        "record": _recording_words(options.record),
        "sample_input": json.dumps(sample or {}, indent=2, ensure_ascii=False),
    }
    words = {option.label: shown[option.path] for option in OPTIONS if option.path in shown}
    return words | {"A redeploy switches": _canary_words(options.canary)}


def _rate(limit: int | None) -> str:
    return f"{limit:,}" if limit else "no limit"
