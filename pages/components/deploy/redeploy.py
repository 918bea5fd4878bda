"""The dialog behind "Redeploy": another version or other options, as a new revision beside the live one."""

from nicegui import ui

from pages.components.buttons import Button
from pages.components.deploy.options_form import OptionsForm
from pages.components.fields import FormErrors, choice_field, text_field
from pages.components.key_once import show_key_once
from pages.components.modal import Modal
from pages.identity import me
from pages.notices import say
from services.deployment_views import DeploymentDetail
from services.errors import StudioError
from services.studio import Studio


async def open_redeploy_dialog(studio: Studio, deployment_id: str) -> None:
    detail = await studio.deployments.overview(deployment_id)
    versions = (await studio.agents.get(detail.summary.deployment.agent_id)).versions
    dialog = RedeployDialog(studio, detail, [version.version for version in versions])
    await dialog.show_version()
    dialog.open()


class RedeployDialog:
    def __init__(self, studio: Studio, detail: DeploymentDetail, versions: list[str]) -> None:
        self._studio = studio
        self._deployment = deployment = detail.summary.deployment
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
            self._options = OptionsForm(studio, detail.options, self._errors)
        self._errors.belongs("version", self._version)
        with self._modal.foot:
            self._modal.cancel_button()
            Button("Redeploy", self._press, kind="primary", symbol="rocket").mark("redeploy")

    def open(self) -> None:
        self._modal.open()

    async def show_version(self) -> None:
        await self._options.show_version(
            await self._studio.agents.version(self._deployment.agent_id, self._version.value)
        )

    async def _press(self) -> None:
        self._errors.clear()
        try:
            change = await self._studio.deployments.redeploy(
                self._deployment.id,
                version=self._version.value,
                options=self._options.read(),
                reason=self._reason.value.strip(),
                by=me(),
            )
        except StudioError as error:
            self._errors.show(error)
            return
        self._modal.close()
        say(f"{self._deployment.name} is being redeployed.")
        if change.key is not None:
            show_key_once(self._deployment.name, change.key)
