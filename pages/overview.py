"""Is everything all right, and if not: what, and since when."""

from nicegui import ui

from nexdeck.models.gateway import GatewayStatus
from nexdeck.pages.components.deploy import open_deploy_dialog
from nexdeck.pages.components.widgets.buttons import Button, link_button
from nexdeck.pages.components.widgets.chips import Chip
from nexdeck.pages.components.widgets.icons import agent_tile, icon
from nexdeck.pages.components.widgets.moment import Moment
from nexdeck.pages.components.widgets.section import Section
from nexdeck.pages.feeds import Feeds
from nexdeck.pages.identity import me
from nexdeck.pages.layout import Frame, page_head
from nexdeck.pages.notices import say
from nexdeck.pages.overview_state import OverviewProblem, OverviewState, read_overview
from nexdeck.pages.words import count_of, gateway_style, health_style, status_style
from nexdeck.services.gateways.rows import GatewaySummary
from nexdeck.services.studio import Studio

PROBLEMS_SHOWN = 5


async def overview_page(studio: Studio, feeds: Feeds, frame: Frame) -> None:
    frame.title("Overview")
    with page_head("Overview", "Everything that is deployed, and how it is."):
        button = Button("Deploy agent", lambda: open_deploy_dialog(studio), kind="primary", symbol="plus")
        button.props('data-key="n d"')
    first_steps = FirstSteps(studio)
    body = (
        Section(lambda s: first_steps.build(s), lambda s: (s.agents, s.counts.total) if s.is_fresh else None),
        Section(_show_verdict, lambda s: (s.is_fresh, s.problems, s.problem_count, s.counts)),
        Section(_show_figures, lambda s: (s.is_fresh, s.counts, s.agents, _gateways_key(s))),
        Section(_show_lists, lambda s: (s.is_fresh, _recent_key(s), _gateways_key(s))),
    )

    def show(state: OverviewState) -> None:
        for section in body:
            section.show(state)

    watch = feeds.overview.watch()
    show(await read_overview(studio))
    watch.tell(show)


def _gateways_key(state: OverviewState) -> list:
    return [
        (s.gateway.id, s.gateway.status, s.deployment_count, s.running_count, s.pause is None) for s in state.gateways
    ]


def _recent_key(state: OverviewState) -> list:
    return [
        (s.deployment.id, s.deployment.updated_at, s.deployment.status, s.deployment.health_status, s.operation is None)
        for s in state.recent
    ]


class FirstSteps:
    """What a person sees who has just begun."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio

    def build(self, state: OverviewState) -> None:
        if not state.is_fresh:
            return
        with ui.element("div").classes("journey").style("margin-bottom: 20px"):
            with _step(1, "Choose an agent", state.agents > 0):
                if state.agents:
                    ui.label(f"The catalog holds {count_of(state.agents, 'agent')}.").classes("small fg2")
                else:
                    text = "Import the samples to look around, or create an agent of your own."
                    ui.label(text).classes("small fg2")
                with ui.element("div").classes("actions"):
                    if state.agents:
                        link_button("See the agents", "/agents")
                    else:
                        imports = Button("Import the samples", self._import_samples, kind="primary", symbol="download")
                        imports.mark("import-samples")
                        link_button("Create one", "/agents?new=1")
            with _step(2, "Deploy it", False):
                text = (
                    "One click puts it on a gateway. It counts as running once each channel has answered a real call."
                )
                ui.label(text).classes("small fg2")
                with ui.element("div").classes("actions"):
                    deploy = Button(
                        "Deploy agent",
                        lambda: open_deploy_dialog(self._studio),
                        kind="primary" if state.agents else "secondary",
                        symbol="rocket",
                    )
                    deploy.set_enabled(state.agents > 0)
            with _step(3, "Call it", False):
                ui.label("By REST, from the command line, or as an MCP tool of an assistant:").classes("small fg2")
                with ui.element("code").classes("fg3 breaks"):
                    ui.label("nexdeck run my-assistant question=…")

    async def _import_samples(self) -> None:
        added = await self._studio.agents.import_samples(actor=me())
        say(f"{count_of(len(added), 'sample agent')} imported.")


def _step(number: int, title: str, done: bool) -> ui.element:
    card = ui.element("div").classes("card done" if done else "card")
    with card, ui.element("div").classes("line"):
        with ui.element("div").classes("number"):
            if done:
                icon("check")
            else:
                ui.label(str(number))
        ui.label(title).classes("h2")
    return card


def _show_verdict(state: OverviewState) -> None:
    if state.is_fresh and not state.problems:
        return
    worst = "bad" if any(p.tone == "bad" for p in state.problems) else "warn" if state.problems else "ok"
    busy = f" {count_of(state.counts.busy, 'change')} under way." if state.counts.busy else ""
    total = count_of(state.counts.total, "deployment")
    serving = f"{state.counts.serving:,} of {total} {'serves' if state.counts.serving == 1 else 'serve'}."
    with ui.element("div").classes("card").style("margin-bottom: 16px").mark("verdict"):
        with ui.element("div").classes("verdict").style("margin: 0"):
            with ui.element("div").classes(f"mark {worst}"):
                icon("circle-check" if worst == "ok" else "triangle-alert", "big")
            with ui.element("div").classes("stack tight"):
                if state.problems:
                    ui.label(f"{count_of(state.problem_count, 'thing needs', 'things need')} attention").classes("h2")
                    ui.label(f"Worst first. {serving}{busy}").classes("small fg2")
                else:
                    ui.label("Everything is all right").classes("h2")
                    ui.label(f"{serving} Every gateway answers.{busy}").classes("small fg2")
        for problem in state.problems[:PROBLEMS_SHOWN]:
            _show_problem(problem)
        if (more := state.problem_count - len(state.problems[:PROBLEMS_SHOWN])) > 0:
            with ui.element("div").classes("item line small").style("min-height: 40px"):
                ui.link(f"{more} more on the health board", "/health")


def _show_problem(problem: OverviewProblem) -> None:
    with ui.element("div").classes("item line top").style("border-top: 1px solid var(--line-2); border-bottom: 0"):
        with ui.element("div").classes("stack tight grow"):
            with ui.element("div").classes("line wrap"):
                ui.link(problem.name, problem.url).classes("row-link")
                Chip(problem.look)
            ui.label(problem.reason).classes("tiny fg2 keep")
        with ui.element("div").classes("tiny fg3 right").style("flex: none"):
            if problem.since is not None:
                Moment(problem.since)


def _show_figures(state: OverviewState) -> None:
    if state.is_fresh:
        return
    online = sum(s.gateway.status is GatewayStatus.ONLINE for s in state.gateways)
    troubled = state.counts.failed + state.counts.unhealthy
    figures = (
        ("Serving", f"{state.counts.serving:,}", f"of {state.counts.total:,}", "/deployments"),
        ("In trouble", f"{troubled:,}", "failed or not well", "/health"),
        ("Gateways online", f"{online:,}", f"of {len(state.gateways):,}", "/gateways"),
        ("Agents", f"{state.agents:,}", "in the catalog", "/agents"),
    )
    with ui.element("div").classes("figures"):
        for title, value, note, url in figures:
            with ui.link(target=url).classes("card figure"):
                ui.label(title).classes("small fg2")
                with ui.element("div").classes("line").style("align-items: baseline"):
                    ui.label(value).classes("value")
                    ui.label(note).classes("tiny fg3")


def _show_lists(state: OverviewState) -> None:
    with ui.element("div").classes("" if state.is_fresh else "columns main-side"):
        if not state.is_fresh:
            with ui.element("div").classes("card"):
                with ui.element("div").classes("card-head"):
                    ui.label("Latest activity").classes("h2")
                    ui.link("All deployments", "/deployments").classes("small")
                _show_recent(state)
        with ui.element("div").classes("card"):
            with ui.element("div").classes("card-head"):
                ui.label("Gateways").classes("h2")
                ui.link("All gateways", "/gateways").classes("small")
            for summary in state.gateways:
                _show_gateway(summary)


def _show_recent(state: OverviewState) -> None:
    if not state.recent:
        ui.label("Nothing is deployed at the moment.").classes("small fg3 card-body")
    for summary in state.recent:
        deployment = summary.deployment
        with ui.element("div").classes("item line"):
            agent_tile(summary.kind, summary.agent_name)
            with ui.element("div").classes("stack tight grow"):
                ui.link(deployment.name, f"/deployments/{deployment.id}").classes("row-link cut")
                ui.label(f"{summary.agent_name} {deployment.version} on {summary.gateway_name}").classes("tiny fg3 cut")
            if health_style(deployment).tone in ("warn", "bad"):
                Chip(health_style(deployment), deployment.health_reason)
            Chip(status_style(deployment, summary.operation), deployment.error_message)
            Moment(deployment.updated_at).classes("tiny fg3 hide-small")


def _show_gateway(summary: GatewaySummary) -> None:
    gateway = summary.gateway
    with ui.element("div").classes("item line"):
        icon("server", "fg3")
        with ui.element("div").classes("stack tight grow"):
            ui.link(gateway.name, "/gateways").classes("row-link cut")
            running = f"{summary.running_count} of {count_of(summary.deployment_count, 'deployment')} serving"
            ui.label(running if summary.deployment_count else "nothing deployed").classes("tiny fg3")
        Chip(gateway_style(gateway, summary.pause), gateway.status_reason)
