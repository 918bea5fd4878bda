"""The dialog behind "Redeploy": another version or other options, as a new revision beside the live one."""

from nicegui import ui

from nexdeck.models.options import DeploymentOptions
from nexdeck.pages.components.deploy.change_panel import ChangePanel
from nexdeck.pages.components.deploy.options_form import OptionsForm
from nexdeck.pages.components.keys.once import show_key_once
from nexdeck.pages.components.requests.replay_panel import ReplayPanel
from nexdeck.pages.components.widgets.buttons import Button
from nexdeck.pages.components.widgets.fields import FormErrors, choice_field, fold, text_field
from nexdeck.pages.components.widgets.modal import Modal
from nexdeck.pages.identity import me
from nexdeck.pages.notices import say
from nexdeck.services.calls.replays import ReplayRequest
from nexdeck.services.deployments.views import DeploymentDetail
from nexdeck.services.errors import InvalidInput, StudioError
from nexdeck.services.studio import Studio


async def open_redeploy_dialog(studio: Studio, deployment_id: str) -> None:
    detail = await studio.deployments.overview(deployment_id, actor=me())
    versions = (await studio.agents.get(detail.summary.deployment.agent_id, actor=me())).versions
    dialog = RedeployDialog(studio, detail, [version.version for version in versions])
    await dialog.show_version()
    dialog.open()


class RedeployDialog:
    def __init__(self, studio: Studio, detail: DeploymentDetail, versions: list[str]) -> None:
        self._studio = studio
        self._deployment = deployment = detail.summary.deployment
        self._wanted: tuple[str, DeploymentOptions] | None = None
        note = "The live revision serves on until the new one has answered on each channel; then they swap."
        self._modal = Modal(f"Redeploy {deployment.name}", note)
        labels = {
            label: f"{label}  (live)" if detail.live and label == detail.live.version else label for label in versions
        }
        with self._modal.body:
            self._errors = FormErrors()
            with ui.element("div").classes("fields"):
                self._version = choice_field("Version", labels, versions[0], on_change=self.show_version)
                self._reason = text_field("Reason", placeholder="optional, kept with the revision")
            with ui.element("div").classes("stack full") as options:
                self._options = OptionsForm(studio, detail.options, self._errors)
            self._changes = ChangePanel(self._tell_allowed)
            if detail.live is not None:
                with fold("Try it on recorded requests first").mark("replay"):
                    ReplayPanel(studio, deployment.id, self._candidate)
        # Whatever is done in the form may change the options. A moment later the field itself has told its new value.
        for event in ("pointerup", "keyup", "focusout"):
            options.on(event, self._show_changes, args=[], throttle=0.3, leading_events=False)
        self._errors.belongs("version", self._version)
        with self._modal.foot:
            self._modal.cancel_button()
            self._redeploy = Button("Redeploy", self._press, kind="primary", symbol="rocket").mark("redeploy")

    def _candidate(self) -> ReplayRequest:
        return ReplayRequest(version=self._version.value, options=self._options.read())

    def open(self) -> None:
        self._modal.open()

    async def show_version(self) -> None:
        label = self._version.value
        version = await self._studio.agents.version(self._deployment.agent_id, label, actor=me())
        if self._version.value != label:  # another one was chosen meanwhile
            return
        await self._options.show_version(version)
        await self._show_changes()

    async def _show_changes(self) -> None:
        try:
            wanted = (self._version.value, self._options.read())
        except InvalidInput:
            return  # half typed; pressing the button tells what is wrong
        if wanted == self._wanted:
            return
        self._wanted = wanted
        version, options = wanted
        diff = await self._studio.revisions.diff(
            self._deployment.id, to_version=version, to_options=options, actor=me()
        )
        if wanted == self._wanted and not self._modal.dialog.is_deleted:
            self._changes.show(diff)

    def _tell_allowed(self) -> None:
        self._redeploy.set_enabled(self._changes.is_allowed)

    async def _press(self) -> None:
        self._errors.clear()
        try:
            options = self._options.read()
            self._wanted = None  # what serves may be another revision by now
            await self._show_changes()
            if not self._changes.is_allowed:
                return
            change = await self._studio.deployments.redeploy(
                self._deployment.id,
                version=self._version.value,
                options=options,
                reason=self._reason.value.strip(),
                allow_breaking=self._changes.breaks_callers,
                actor=me(),
            )
        except StudioError as error:
            self._errors.show(error)
            return
        self._modal.close()
        say(f"{self._deployment.name} is being redeployed.")
        if change.key is not None:
            show_key_once(self._deployment.name, change.key)
