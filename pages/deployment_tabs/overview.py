"""The first tab: what is under way, how to call it, how it is, and what happened."""

from nicegui import ui

from nexdeck.models.choices import Channel
from nexdeck.models.deployment import DeploymentStatus, StatusChange
from nexdeck.pages.components.deployments.canary_panel import CanaryPanel
from nexdeck.pages.components.deployments.steps import OperationSteps
from nexdeck.pages.components.widgets.banner import banner
from nexdeck.pages.components.widgets.code_view import code_view
from nexdeck.pages.components.widgets.copy_button import CopyButton
from nexdeck.pages.components.widgets.moment import Moment
from nexdeck.pages.components.widgets.section import Section
from nexdeck.pages.deployment_tabs.context import TabContext
from nexdeck.pages.words import UNDER_WAY, event_tone, event_words, health_style, milliseconds
from nexdeck.services.deployments.journal import CANARY
from nexdeck.services.deployments.views import DeploymentDetail
from nexdeck.services.docs.interface import interface_of
from nexdeck.services.docs.snippet_parts import curl_command


class OverviewTab:
    def __init__(self, context: TabContext, detail: DeploymentDetail) -> None:
        self._studio = context.studio
        self._trouble = Section(_show_trouble, _trouble)
        self._canary = Section(self._show_canary, _canary_under_way)
        with ui.element("div").classes("columns main-side"):
            with ui.element("div").classes("stack wide"):
                self._endpoints = Section(_show_endpoints, _endpoints_key)
                with ui.element("div").classes("card"):
                    _card_head("What happened")
                    with ui.element("div").classes("card-body"):
                        self._events = Section(lambda d: _timeline(d.events), lambda d: [e.id for e in d.events])
            with ui.element("div").classes("stack wide"):
                with ui.element("div").classes("card"):
                    self._steps_title = _card_head("Last change")
                    with ui.element("div").classes("card-body"):
                        self._steps = OperationSteps()
                with ui.element("div").classes("card"):
                    _card_head("Facts")
                    with ui.element("div").classes("card-body"):
                        self._facts = Section(_show_facts, _facts_key)

    def show(self, detail: DeploymentDetail) -> None:
        self._trouble.show(detail)
        self._endpoints.show(detail)
        self._events.show(detail)
        self._canary.show(detail)
        self._facts.show(detail)
        if detail.operation is not None:
            kind = UNDER_WAY[detail.operation.operation.kind]
            self._steps_title.text = kind if detail.summary.operation else f"Last change: {kind.lower()}"
            self._steps.show(detail.operation)

    def _show_canary(self, detail: DeploymentDetail) -> None:
        if _canary_under_way(detail):
            CanaryPanel(self._studio, detail.summary.deployment.id)


def _canary_under_way(detail: DeploymentDetail) -> str | None:
    operation = detail.summary.operation
    return operation.operation.id if operation is not None and operation.is_at(CANARY) else None


def _card_head(title: str) -> ui.label:
    with ui.element("div").classes("card-head"):
        return ui.label(title).classes("h2")


def _trouble(detail: DeploymentDetail) -> tuple[str, str] | None:
    """What a person has to know before anything else: tone and sentence."""
    deployment = detail.summary.deployment
    if deployment.undeployed_at is not None:
        return "idle", "This deployment was undeployed. What you see is its history."
    if deployment.error_message and detail.summary.operation is None:
        if deployment.status is DeploymentStatus.RUNNING:
            so = "The last change failed; what was live before serves on. "
        else:
            so = (
                "Nothing serves callers. Mend what went wrong, then start it again, or redeploy with a mended version. "
            )
        return "bad", so + deployment.error_message
    look = health_style(deployment)
    if look.tone in ("warn", "bad") and deployment.health_reason:
        return look.tone, f"{look.text}: {deployment.health_reason}"
    return None


def _show_trouble(detail: DeploymentDetail) -> None:
    if (trouble := _trouble(detail)) is not None:
        tone, sentence = trouble
        with ui.element("div").style("margin-bottom: 16px"):
            banner(sentence, tone)


def _endpoints_key(detail: DeploymentDetail) -> tuple:
    deployment = detail.summary.deployment
    endpoints = deployment.api_endpoint, deployment.cli_command, deployment.mcp_endpoint
    return *endpoints, detail.options, deployment.live_revision is None, deployment.undeployed_at


def _show_endpoints(detail: DeploymentDetail) -> None:
    deployment, channels = detail.summary.deployment, detail.options.channels
    with ui.element("div").classes("card"):
        _card_head("Call it")
        with ui.element("div").classes("card-body stack"):
            if deployment.undeployed_at is not None:
                ui.label("It answered here until it was undeployed.").classes("small fg3")
            elif deployment.live_revision is None:
                ui.label("It answers once it is running.").classes("small fg3")
            with ui.element("div"):
                if Channel.API in channels:
                    _endpoint("REST", f"POST {deployment.api_endpoint}", deployment.api_endpoint)
                if deployment.cli_command:
                    _endpoint("CLI", deployment.cli_command, deployment.cli_command)
                if deployment.mcp_endpoint:
                    _endpoint("MCP", deployment.mcp_endpoint, deployment.mcp_endpoint)
            if Channel.API in channels:
                interface = interface_of(detail)
                code_view(curl_command(interface, interface.sample), "try-it.sh", height=220, wrap=True)
            if detail.options.require_key:
                ui.label("Callers need a key; create one under Settings.").classes("small fg3")


def _endpoint(channel: str, shown: str, copied: str) -> None:
    with ui.element("div").classes("endpoint"):
        ui.label(channel).classes("channel")
        with ui.element("code"):
            ui.label(shown).props["title"] = shown
        CopyButton(copied, f"Copy the {channel} endpoint")


def _facts_key(detail: DeploymentDetail) -> tuple:
    deployment = detail.summary.deployment
    return (
        deployment.live_revision,
        deployment.deployed_at,
        deployment.stopped_at,
        deployment.request_count,
        deployment.error_count,
        deployment.latency_ms_sum,
        deployment.health_reason,
        deployment.last_health_check,
    )


def _show_facts(detail: DeploymentDetail) -> None:
    deployment = detail.summary.deployment
    with ui.element("dl").classes("facts"):
        _fact("Live revision", str(deployment.live_revision or "none"))
        _fact("Calls", f"{deployment.request_count:,}")
        _fact("Errors", f"{deployment.error_count:,}")
        _fact("Average", milliseconds(deployment.avg_latency_ms))
        if deployment.health_reason:
            _fact("Health", deployment.health_reason)
        with _fact("Checked", "" if deployment.last_health_check else "not yet"):
            if deployment.last_health_check:
                Moment(deployment.last_health_check)
        with _fact("Deployed"):
            Moment(deployment.deployed_at)
            ui.label(f"by {deployment.deployed_by}").classes("fg3 tiny")
        if deployment.stopped_at:
            with _fact("Stopped"):
                Moment(deployment.stopped_at)


def _fact(term: str, text: str = "") -> ui.element:
    with ui.element("dt"):
        ui.label(term)
    with ui.element("dd") as place:
        if text:
            ui.label(text)
    return place


def _timeline(events: list[StatusChange]) -> None:
    with ui.element("div").classes("timeline"):
        for change in events:
            with ui.element("div").classes("event"):
                ui.element("div").classes(f"dot {event_tone(change)}")
                ui.label(event_words(change))
                with ui.element("div").classes("tiny fg3 right"):
                    Moment(change.at)
                ui.label(change.message or f"by {change.by}").classes("detail")
