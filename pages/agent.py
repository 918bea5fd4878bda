"""One agent: its versions, what a version takes and gives, its source and its module."""

import json

from nicegui import ui

from nexdeck.models.agent import AgentVersion
from nexdeck.pages.components.agents.dialog import ImportTarget, open_agent_dialog
from nexdeck.pages.components.agents.schema_table import inputs_table, outputs_table
from nexdeck.pages.components.deploy import open_deploy_dialog
from nexdeck.pages.components.widgets.buttons import Button
from nexdeck.pages.components.widgets.chips import kind_tag
from nexdeck.pages.components.widgets.code_view import code_view
from nexdeck.pages.components.widgets.confirm import confirm
from nexdeck.pages.components.widgets.copy_button import CopyButton
from nexdeck.pages.components.widgets.icons import agent_tile
from nexdeck.pages.components.widgets.moment import Moment
from nexdeck.pages.feeds import Feeds
from nexdeck.pages.identity import me
from nexdeck.pages.layout import Frame, cannot_show
from nexdeck.pages.notices import say
from nexdeck.services.catalog.service import AgentDetail
from nexdeck.services.errors import NotFound
from nexdeck.services.studio import Studio


async def agent_page(studio: Studio, feeds: Feeds, frame: Frame, agent: str) -> None:
    watch = feeds.agents.watch()
    try:
        detail = await studio.agents.get(agent, actor=me())
        newest = await studio.agents.version(detail.agent.id, actor=me())
    except NotFound as error:
        frame.title(("Agents", "/agents"), "Not found")
        cannot_show("There is no such agent", error.message, back="All agents", url="/agents")
        return
    page = AgentPage(studio, frame, detail, newest)
    watch.tell(page.take_news)


class AgentPage:
    def __init__(self, studio: Studio, frame: Frame, detail: AgentDetail, newest: AgentVersion) -> None:
        self._studio = studio
        self._detail = detail
        self._newest = newest
        self._name = detail.agent.name
        frame.title(("Agents", "/agents"), self._name)
        self._address = frame.own_address(self._show)
        self._build_head()
        with ui.element("div").classes("columns side-main"):
            self._versions = ui.element("div").classes("card")
            self._place = ui.element("div").classes("stack wide")
        self._show()

    def _build_head(self) -> None:
        with ui.element("div").classes("page-head"):
            agent_tile(self._newest.kind, self._name, "large")
            with ui.element("div").classes("stack tight"):
                with ui.element("div").classes("line wrap"):
                    ui.label(self._name).classes("h1").props("role=heading aria-level=1")
                    kind_tag(self._newest.kind)
                ui.label(self._newest.description or "No description").classes("small fg2 breaks")
            with ui.element("div").classes("line wrap"):
                Button("Delete", self._ask_delete, kind="quiet", symbol="trash").mark("delete-agent")
                Button("Add a version", self._add_version, symbol="plus").mark("add-version")
                deploy = Button("Deploy", lambda: self._deploy(None), kind="primary", symbol="rocket")
                deploy.props('data-key="d"')

    async def take_news(self, changed: set[str]) -> None:
        if self._detail.agent.id not in changed:
            return
        try:
            self._detail = await self._studio.agents.get(self._detail.agent.id, actor=me())
            self._newest = await self._studio.agents.version(self._detail.agent.id, actor=me())
        except NotFound:
            return
        self._show()

    def _show(self) -> None:
        wanted = self._address["version"]
        version = next((v for v in self._detail.versions if v.version == wanted), self._newest)
        self._versions.clear()
        with self._versions:
            with ui.element("div").classes("card-head"):
                ui.label("Versions").classes("h2")
            for each in self._detail.versions:
                with ui.element("div").classes("item line between"):
                    link = ui.link(each.version, self._address.with_(version=each.version))
                    link.classes("row-link mono" + (" on" if each is version else ""))
                    if each is version:
                        link.props("aria-current=true").style("color: var(--accent)")
                    Moment(each.created_at).classes("tiny fg3")
        self._place.clear()
        with self._place:
            self._show_version(version)

    def _show_version(self, version: AgentVersion) -> None:
        with ui.element("div").classes("card"):
            with ui.element("div").classes("card-head"):
                ui.label(f"Version {version.version}").classes("h2")
                Button("Deploy this version", lambda: self._deploy(version.version), symbol="rocket").classes("small")
            with ui.element("div").classes("card-body stack wide"):
                if version.description:
                    ui.label(version.description).classes("small fg2 breaks")
                _facts(version)
                for title, table, schema in (
                    ("Inputs", inputs_table, version.input_schema),
                    ("Outputs", outputs_table, version.output_schema),
                ):
                    with ui.element("div").classes("stack tight"):
                        ui.label(title).classes("h2")
                        table(schema)
        if version.sample is not None:
            code_view(json.dumps(version.sample, indent=2, ensure_ascii=False), "sample.json", height=220)
        code_view(version.source, version.filename, download=True)
        if version.module != version.source:
            ui.label("The module that Nexdeck generated from it, as the gateway runs it:").classes("small fg2")
            code_view(version.module, f"{self._name}.py", download=True)

    async def _deploy(self, version: str | None) -> None:
        await open_deploy_dialog(self._studio, agent=self._name, version=version)

    async def _add_version(self) -> None:
        await open_agent_dialog(self._studio, ImportTarget(self._name, self._newest))

    def _ask_delete(self) -> None:
        async def delete() -> None:
            await self._studio.agents.delete(self._detail.agent.id, actor=me())
            say(f"{self._name} is deleted.")
            ui.navigate.to("/agents")

        count = len(self._detail.versions)
        what = "its only version" if count == 1 else f"all its {count} versions"
        confirm(
            f"Delete {self._name}?",
            f"The agent goes with {what}, source and module included. This cannot be undone.",
            "It is refused while a deployment uses it.",
            action="Delete",
            do=delete,
        )


def _facts(version: AgentVersion) -> None:
    with ui.element("dl").classes("facts"):
        with ui.element("dt"):
            ui.label("SHA-256")
        with ui.element("dd").classes("line"):
            ui.label(version.sha256).classes("mono cut")
            CopyButton(version.sha256, "Copy the SHA-256")
        facts = (
            ("Model provider", version.provider or ""),
            ("Secrets", ", ".join(version.secrets)),
            ("Made of", ", ".join(version.members)),
        )
        for term, text in facts:
            if text:
                with ui.element("dt"):
                    ui.label(term)
                with ui.element("dd"):
                    ui.label(text)
        with ui.element("dt"):
            ui.label("Added")
        with ui.element("dd").classes("line"):
            Moment(version.created_at)
            ui.label(f"by {version.created_by}").classes("tiny fg3")
