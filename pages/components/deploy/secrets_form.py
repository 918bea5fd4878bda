"""Which stored secrets an agent gets: those that it needs, further ones by choice, and new ones stored on the spot."""

from nicegui import ui

from nexdeck.models.option_shape import Group
from nexdeck.models.option_table import BY_PATH
from nexdeck.pages.components.widgets.banner import banner
from nexdeck.pages.components.widgets.buttons import Button
from nexdeck.pages.components.widgets.fields import fold
from nexdeck.pages.components.widgets.icons import icon, icon_source
from nexdeck.pages.identity import me
from nexdeck.pages.notices import say
from nexdeck.services.studio import Studio


class SecretsForm:
    """A value that is typed here goes into the vault at once and comes back to no page."""

    def __init__(self, studio: Studio, chosen: list[str]) -> None:
        self._studio = studio
        self._stored: list[str] = []
        self._needed: list[str] = []
        self._chosen = chosen
        self._needed_place = ui.element("div").classes("stack full")
        self._error = ui.label().classes("tiny bad-text keep")

    def build_choice(self) -> None:
        """The folded part: further secrets, and new ones."""
        chosen = self._chosen
        with fold(Group.SECRETS, len(chosen)):
            ui.label(BY_PATH["secrets"].about).classes("tiny fg3")
            self._choice = ui.select([*chosen], value=[*chosen], multiple=True)
            self._choice.props("outlined dense options-dense use-chips hide-bottom-space").classes("full tall")
            self._choice.props["aria-label"] = "Stored secrets"
            self._choice.props["dropdown-icon"] = icon_source("chevron-down")
            self._build_new()

    def _build_new(self) -> None:
        with ui.element("div").classes("line top full wrap"):
            name = ui.input(placeholder="NEW_SECRET").classes("grow mono-input")
            value = ui.input(placeholder="value", password=True).classes("grow")
            for entry, label in ((name, "Name of a new secret"), (value, "Value of the new secret")):
                entry.props("outlined dense hide-bottom-space autocomplete=new-password spellcheck=false")
                entry.props["aria-label"] = label

            async def store() -> None:
                await self._store(name.value.strip(), value.value)
                self._choice.set_value([*self._choice.value, name.value.strip()])
                name.value = value.value = ""

            Button("Store", store)

    async def show_needed(self, needed: list[str]) -> None:
        """What the version itself reads; a field for each that is not stored yet."""
        self._needed = needed
        self._stored = [secret.name for secret in await self._studio.secrets.names(actor=me())]
        self._choice.set_options(sorted({*self._stored, *self._choice.value}))
        self._needed_place.clear()
        with self._needed_place:
            for name in self._needed:  # another version may have been chosen meanwhile
                self._show_one(name)

    def _show_one(self, name: str) -> None:
        if name in self._stored:
            with ui.element("div").classes("line small"):
                icon("circle-check", "ok-text")
                ui.label("Secret").classes("fg2")
                ui.label(name).classes("mono")
                ui.label("is stored").classes("fg2")
            return
        banner(f"This agent reads the secret {name}, which is not stored yet.", "warn")
        with ui.element("div").classes("line full"):
            value = ui.input(placeholder=f"value of {name}", password=True).classes("grow").mark(f"secret-{name}")
            value.props("outlined dense hide-bottom-space autocomplete=new-password")
            value.props["aria-label"] = f"Value of {name}"
            Button("Store", lambda: self._store(name, value.value))

    async def _store(self, name: str, value: str) -> None:
        await self._studio.secrets.put(name, value, actor=me())
        await self.show_needed(self._needed)
        say(f"{name} is stored.")

    @property
    def error(self) -> str | None:
        return self._error.text or None

    @error.setter
    def error(self, message: str | None) -> None:
        self._error.text = f"{message}. Store it first." if message else ""

    def read(self) -> list[str]:
        return list(self._choice.value)
