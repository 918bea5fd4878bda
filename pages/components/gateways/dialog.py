"""Adding a gateway that runs elsewhere, or changing it; what a test finds is told in plain words."""

from html import escape

from nicegui import ui

from nexdeck.models.gateway import Gateway
from nexdeck.pages.components.gateways.certificate_form import CertificateForm
from nexdeck.pages.components.widgets.banner import banner
from nexdeck.pages.components.widgets.buttons import Button
from nexdeck.pages.components.widgets.code_view import unbroken
from nexdeck.pages.components.widgets.copy_button import CopyButton
from nexdeck.pages.components.widgets.fields import FormErrors, text_field
from nexdeck.pages.components.widgets.modal import Modal
from nexdeck.pages.identity import me
from nexdeck.pages.notices import say
from nexdeck.pages.words import count_of
from nexdeck.services.errors import StudioError
from nexdeck.services.studio import Studio

NOTE = "Start one on the other host, then enter its address and its token here."
COMMAND = "nexdeck gateway --host ADDRESS --allow-remote --tls-self-signed --token-file FILE --data-dir FOLDER"


def open_gateway_dialog(studio: Studio, gateway: Gateway | None = None) -> None:
    GatewayDialog(studio, gateway).open()


class GatewayDialog:
    def __init__(self, studio: Studio, gateway: Gateway | None) -> None:
        self._studio = studio
        self._gateway = gateway
        self._modal = Modal(f"Change {gateway.name}" if gateway else "Add a gateway", "" if gateway else NOTE)
        with self._modal.body:
            if gateway is None:
                _command_line(COMMAND)
            self._errors = FormErrors()
            if gateway is None:
                self._name = text_field("Name", placeholder="eu-1", mono=True).mark("gateway-name")
                self._errors.belongs("name", self._name)
            url = gateway.url if gateway else ""
            self._url = text_field(
                "Address",
                url,
                placeholder="https://gateway.example.com:8401",
                mono=True,
                on_change=lambda: self._certificate.show(),
            )
            hint = "Leave it empty to keep the present one; a new address or certificate needs it." if gateway else ""
            self._token = text_field("Token", secret=True, hint=hint)
            self._certificate = CertificateForm(self._errors, gateway, lambda: self._url.value or "")
            self._result = ui.element("div").classes("full")
        self._url.mark("gateway-url")
        self._token.mark("gateway-token")
        self._errors.belongs("url", self._url)
        self._errors.belongs("token", self._token)
        with self._modal.foot:
            if gateway is None:
                Button("Test", self._test, symbol="plug-zap").mark("test-gateway")
            ui.element("div").classes("grow")
            self._modal.cancel_button()
            Button("Save" if gateway else "Add", self._save, kind="primary").mark("save-gateway")

    def open(self) -> None:
        self._modal.open()

    async def _test(self) -> None:
        self._errors.clear()
        self._result.clear()
        try:
            state = await self._studio.gateways.test(
                self._url.value,
                self._token.value,
                self._certificate.wish(),
                allow_plain=self._certificate.allows_plain,
                actor=me(),
            )
        except StudioError as error:
            self._errors.show(error)
            return
        with self._result:
            holds = count_of(len(state.deployments), "deployment")
            ready = "is ready" if state.ready else "is still starting"
            banner(f"It answers: gateway {state.version}, {ready}, holds {holds}.", "ok")

    async def _save(self) -> None:
        self._errors.clear()
        self._result.clear()
        try:
            if self._gateway is None:
                saved = await self._studio.gateways.add_remote(
                    self._name.value,
                    self._url.value,
                    self._token.value,
                    self._certificate.wish(),
                    allow_plain=self._certificate.allows_plain,
                    actor=me(),
                )
            else:
                saved = await self._studio.gateways.update_remote(
                    self._gateway.id,
                    url=self._url.value,
                    token=self._token.value or None,
                    trust=self._certificate.changed(),
                    allow_plain=self._certificate.allows_plain,
                    actor=me(),
                )
        except StudioError as error:
            self._errors.show(error)
            return
        self._modal.close()
        say(f"{saved.name} is {'changed' if self._gateway else 'added'}.")


def _command_line(command: str) -> None:
    with ui.element("div").classes("code command"):
        # nothing but escaped words and their spans
        ui.html(unbroken(escape(command)), sanitize=False, tag="code").classes("grow")
        CopyButton(command, "Copy the command")
