"""The dialog behind "Deploy agent". Its defaults are good enough that pressing Deploy is all there is to do."""

import re

from nicegui import ui

from nexdeck.models.gateway import Gateway, GatewayStatus
from nexdeck.models.manifest import NAME_PATTERN
from nexdeck.models.options import DeploymentOptions
from nexdeck.pages.components.deploy.options_form import OptionsForm
from nexdeck.pages.components.keys.once import show_key_once
from nexdeck.pages.components.widgets.buttons import Button, link_button
from nexdeck.pages.components.widgets.empty_state import empty_state
from nexdeck.pages.components.widgets.fields import FormErrors, choice_field, text_field
from nexdeck.pages.components.widgets.modal import Modal
from nexdeck.pages.identity import me
from nexdeck.pages.words import GATEWAY
from nexdeck.services.deployments.views import DeploymentQuery
from nexdeck.services.errors import StudioError
from nexdeck.services.rules.names import NAME_RULE
from nexdeck.services.studio import Studio

MOST_AGENTS = 200
DEDICATED = "dedicated gateway"  # no gateway can have such a name


async def open_deploy_dialog(studio: Studio, *, agent: str | None = None, version: str | None = None) -> None:
    """With an agent's name, and perhaps a version, chosen beforehand."""
    agents = await studio.agents.list(limit=MOST_AGENTS, actor=me())
    names = [summary.agent.name for summary in agents.items]
    if agent is not None and agent not in names:
        names.append(agent)
    if not names:
        _nothing_to_deploy()
        return
    gateways = [summary.gateway for summary in await studio.gateways.list(actor=me())]
    dialog = DeployDialog(studio, names, gateways, agent or names[0])
    await dialog.show_versions(version)
    dialog.open()


def _nothing_to_deploy() -> None:
    modal = Modal("Deploy an agent")
    with modal.body, empty_state("bot", "There is no agent yet", "Create one, or import the samples to look around."):
        link_button("Go to agents", "/agents", kind="primary").on("click", modal.close)
    modal.open()


class DeployDialog:
    def __init__(self, studio: Studio, agents: list[str], gateways: list[Gateway], agent: str) -> None:
        self._studio = studio
        self._suggested = ""
        self._modal = Modal("Deploy an agent", "It counts as running once each channel has answered a real call.")
        with self._modal.body:
            self._errors = FormErrors()
            with ui.element("div").classes("fields"):
                self._agent = choice_field(
                    "Agent", {name: name for name in agents}, agent, searchable=True, on_change=self._agent_chosen
                ).mark("deploy-agent")
                self._version = choice_field("Version", {}, on_change=self._version_chosen).mark("deploy-version")
            with ui.element("div").classes("fields"):
                shared = [gateway for gateway in gateways if gateway.dedicated_to is None]
                labels = {gateway.name: f"{gateway.name} · {GATEWAY[gateway.status].text}" for gateway in shared}
                labels[DEDICATED] = "A new one, for it alone"
                self._gateway = choice_field("Gateway", labels, _best(shared), on_change=self._place_chosen)
                self._gateway.mark("deploy-gateway")
                self._name = text_field("Name", mono=True, on_change=self._name_typed).mark("deploy-name")
                self._name.props("debounce=200")
            self._options = OptionsForm(studio, DeploymentOptions(), self._errors)
        for path, entry in (("agent", self._agent), ("version", self._version), ("name", self._name)):
            self._errors.belongs(path, entry)
        with self._modal.foot:
            self._summary = ui.label().classes("grow cut")
            self._modal.cancel_button()
            self._deploy = Button("Deploy", self._press, kind="primary", symbol="rocket").mark("deploy")

    def open(self) -> None:
        self._modal.open()

    async def _agent_chosen(self) -> None:
        if self._agent.value is not None:
            await self.show_versions(None)

    async def show_versions(self, version: str | None) -> None:
        """Those of the chosen agent, with this one chosen, else the newest.

        Here and below: what was read for a choice that is no longer the present one is dropped, since it may come late.
        """
        agent = self._agent.value
        detail = await self._studio.agents.get(agent, actor=me())
        newest = await self._studio.agents.version(detail.agent.id, actor=me())
        if self._agent.value != agent:
            return
        labels = {v.version: v.version for v in detail.versions}
        labels[newest.version] += "  (newest)"
        self._version.set_options(labels, value=version or newest.version)
        await self._version_chosen()  # another agent's version may have the same label, and that is no change of value
        await self._suggest_name()

    async def _version_chosen(self) -> None:
        chosen = agent, label = self._agent.value, self._version.value
        if label is None:
            return
        version = await self._studio.agents.version(agent, label, actor=me())
        if (self._agent.value, self._version.value) == chosen:
            await self._options.show_version(version)
            self._tell()

    async def _place_chosen(self) -> None:
        await self._suggest_name()

    async def _suggest_name(self) -> None:
        """The agent's own name, numbered when the gateway has it already; a name that was typed stays."""
        present = self._name.value
        if present not in ("", self._suggested):
            await self._name_typed()
            return
        chosen = base, _ = self._agent.value, self._gateway.value
        name, number = base, 2
        while await self._is_taken(name):
            name, number = f"{base[: 60 - len(str(number))]}-{number}", number + 1
        if (self._agent.value, self._gateway.value) != chosen:
            return
        if self._name.value in (present, self._suggested):  # nobody typed meanwhile
            self._suggested = name
            self._name.set_value(name)
        self._tell()

    async def _name_typed(self) -> None:
        asked = name, _ = self._name.value or "", self._gateway.value
        if not re.fullmatch(NAME_PATTERN, name):
            self._name.error = f"Use {NAME_RULE}."
            self._tell()
            return
        is_taken = await self._is_taken(name)
        if (self._name.value or "", self._gateway.value) != asked:
            return
        if is_taken:
            has_it = "There is a gateway" if self._is_dedicated else f"{self._gateway.value} has a deployment"
            self._name.error = f"{has_it} of this name already."
        else:
            self._name.error = None
        self._tell()

    @property
    def _is_dedicated(self) -> bool:
        return self._gateway.value == DEDICATED

    async def _is_taken(self, name: str) -> bool:
        if self._is_dedicated:
            return name in [summary.gateway.name for summary in await self._studio.gateways.list(actor=me())]
        query = DeploymentQuery(q=name, gateway=self._gateway.value, sort="name", limit=200)
        return any(
            found.deployment.name == name for found in (await self._studio.deployments.list(query, actor=me())).items
        )

    def _tell(self) -> None:
        place = "a gateway of its own" if self._is_dedicated else self._gateway.value
        self._summary.text = f"{self._agent.value} {self._version.value} on {place}"

    async def _press(self) -> None:
        self._errors.clear()
        try:
            change = await self._studio.deployments.request_deploy(
                self._agent.value,
                self._version.value,
                None if self._is_dedicated else self._gateway.value,
                name=self._name.value,
                options=self._options.read(),
                dedicated=self._is_dedicated,
                actor=me(),
            )
        except StudioError as error:
            self._errors.show(error)
            return
        self._modal.close()
        if change.key is not None:
            show_key_once(change.deployment.name, change.key)
        ui.navigate.to(f"/deployments/{change.deployment.id}")


def _best(gateways: list[Gateway]) -> str | None:
    """The first that is online; the local ones come first."""
    online = [gateway.name for gateway in gateways if gateway.status is GatewayStatus.ONLINE]
    return next(iter([*online, *(gateway.name for gateway in gateways)]), None)
