"""How Nexdeck looks here, the secrets that agents read, and what this installation is."""

from typing import Any

from nicegui import app as nicegui_app
from nicegui import ui

from nexdeck.pages.components.widgets.buttons import Button
from nexdeck.pages.components.widgets.confirm import confirm
from nexdeck.pages.components.widgets.copy_button import CopyButton
from nexdeck.pages.components.widgets.empty_state import empty_state
from nexdeck.pages.components.widgets.fields import FormErrors, fold, text_field
from nexdeck.pages.components.widgets.modal import Modal
from nexdeck.pages.components.widgets.moment import Moment
from nexdeck.pages.feeds import Feeds
from nexdeck.pages.identity import me
from nexdeck.pages.layout import Frame, page_head
from nexdeck.pages.notices import say
from nexdeck.pages.settings_sections.notifications import NotificationsCard
from nexdeck.pages.settings_sections.status_page import StatusPageCard
from nexdeck.pages.settings_sections.storage_card import storage_card
from nexdeck.services.errors import StudioError
from nexdeck.services.platform.secrets import SecretSummary
from nexdeck.services.studio import Studio

THEMES = {None: "As the system", False: "Light", True: "Dark"}


async def settings_page(studio: Studio, feeds: Feeds, frame: Frame, about: dict[str, Any]) -> None:
    frame.title("Settings")
    page_head("Settings")
    with ui.element("div").classes("stack wide"):
        _appearance()
        await SecretsCard(studio).build()
        await NotificationsCard(studio, feeds).build()
        await StatusPageCard(studio).build()
        storage_card(await studio.storage.tables(actor=me()))
        _installation(about)


def _appearance() -> None:
    with _card("Appearance", "Kept for this browser."):
        choice = ui.radio({str(value): text for value, text in THEMES.items()}).props("inline").mark("theme-choice")
        by_word = {str(value): value for value in THEMES}
        choice.bind_value(nicegui_app.storage.user, "dark", forward=by_word.get, backward=str)
        choice.props["aria-label"] = "Theme"


def _card(title: str, note: str) -> ui.element:
    with ui.element("div").classes("card"):
        with ui.element("div").classes("card-head"):
            ui.label(title).classes("h2")
        body = ui.element("div").classes("card-body stack")
    with body:
        ui.label(note).classes("small fg2 breaks")
    return body


class SecretsCard:
    """Names only: a value that was stored comes back to no page."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio

    async def build(self) -> None:
        with ui.element("div").classes("card"):
            with ui.element("div").classes("card-head"):
                ui.label("Secrets").classes("h2")
                Button("Add a secret", lambda: self._edit(None), symbol="plus").classes("small").mark("add-secret")
            note = (
                "Agents read them as environment variables. They are kept encrypted, and their values are never shown."
            )
            ui.label(note).classes("small fg2 breaks").style("padding: 12px 16px 4px")
            with ui.element("div").classes("list secrets"):
                self._place = ui.element("div").classes("rows")
        await self._refresh()

    async def _refresh(self) -> None:
        secrets = await self._studio.secrets.names(actor=me())
        self._place.clear()
        with self._place:
            for secret in secrets:
                self._row(secret)
            if not secrets:
                with ui.element("div").style("grid-column: 1 / -1"):
                    empty_state("lock", "No secrets", "Store the key of a model provider here, e.g. OPENAI_API_KEY.")

    def _row(self, secret: SecretSummary) -> None:
        with ui.element("div").classes("item").mark(f"secret-{secret.name}"):
            ui.label(secret.name).classes("mono breaks first")
            with ui.element("div").classes("small fg3"):
                Moment(secret.updated_at)
            ui.label(f"by {secret.updated_by}").classes("small fg3 cut")
            with ui.element("div").classes("line end"):
                Button("Replace", lambda: self._edit(secret.name)).classes("small")
                Button("Delete", lambda: self._ask_delete(secret.name), kind="quiet").classes("small")

    def _edit(self, name: str | None) -> None:
        modal = Modal(f"Replace {name}" if name else "Add a secret", width="narrow")
        with modal.body:
            errors = FormErrors()
            if name is None:
                entry = text_field("Name", placeholder="OPENAI_API_KEY", mono=True).mark("secret-name")
                errors.belongs("name", entry)
            value = text_field("Value", secret=True).mark("secret-value")
            errors.belongs("value", value)
            if name is not None:
                hint = "What runs keeps the old value until it is restarted or redeployed."
                ui.label(hint).classes("small fg3")

        async def store() -> None:
            target = name or entry.value.strip()
            try:
                await self._studio.secrets.put(target, value.value, actor=me())
            except StudioError as error:
                errors.show(error)
                return
            modal.close()
            say(f"{target} is stored.")
            await self._refresh()

        with modal.foot:
            modal.cancel_button()
            Button("Store", store, kind="primary").mark("store-secret")
        modal.open()

    def _ask_delete(self, name: str) -> None:
        async def delete() -> None:
            await self._studio.secrets.delete(name, actor=me())
            say(f"{name} is deleted.")
            await self._refresh()

        confirm(
            f"Delete the secret {name}?",
            "Its value is gone for good. What runs keeps it until its next restart or redeploy, which will be refused "
            "while an agent needs a secret that is not stored.",
            action="Delete",
            do=delete,
        )


def _installation(about: dict[str, Any]) -> None:
    with _card("About", "This installation of Nexdeck."):
        with ui.element("dl").classes("facts"):
            for term, key in (("Version", "version"), ("Data folder", "data_dir"), ("Database", "database")):
                _fact(term, str(about.get(key, "–")))
            with ui.element("dt"):
                ui.label("REST API")
            with ui.element("dd"):
                ui.link("Documentation", "/api/docs", new_tab=True)
        if about.get("settings"):
            with (
                fold("Settings by environment variable").mark("environment-settings"),
                ui.element("dl").classes("facts"),
            ):
                for setting in about["settings"]:
                    _setting(setting)


def _fact(term: str, text: str) -> None:
    with ui.element("dt"):
        ui.label(term)
    with ui.element("dd").classes("line"):
        ui.label(text).classes("breaks")
        if term == "Data folder":
            CopyButton(text, "Copy the data folder")


def _setting(setting: dict[str, str]) -> None:
    with ui.element("dt"):
        ui.label(setting["name"]).classes("mono")
    with ui.element("dd").classes("stack tight"):
        ui.label(setting["value"] or "not set").classes("mono breaks")
        ui.label(setting["description"]).classes("tiny fg3 breaks")
