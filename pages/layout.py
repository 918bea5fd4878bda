"""The frame around every page: navigation, theme, and what is shown when a page cannot be."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import wraps
from urllib.parse import urlsplit

from nicegui import app as nicegui_app
from nicegui import ui

from nexdeck.pages.address import PageAddress
from nexdeck.pages.assets import add_head, asset_url
from nexdeck.pages.components.widgets.buttons import icon_button, link_button
from nexdeck.pages.components.widgets.chips import Chip
from nexdeck.pages.components.widgets.empty_state import empty_state
from nexdeck.pages.components.widgets.icons import icon
from nexdeck.pages.feeds import Totals
from nexdeck.pages.notices import on_unforeseen
from nexdeck.pages.words import StatusStyle, count_of
from nexdeck.services.errors import StudioError

NAVIGATION = (
    ("Workspace", (("Overview", "layout-dashboard", "/"), ("Deployments", "rocket", "/deployments"))),
    ("Build", (("Agents", "bot", "/agents"), ("Gateways", "server", "/gateways"))),
    ("Observe", (("Health", "activity", "/health"),)),
    ("Admin", (("Settings", "settings", "/settings"),)),
)
BELOW_900 = "if (window.innerWidth < 900) getElement({id}).hide()"
Builder = Callable[..., Awaitable[None]]


class Frame:
    """One browser tab. A page sets its title with ``title`` and owns its address with ``own_address``."""

    def __init__(self, version: str) -> None:
        self._links: dict[str, ui.link] = {}
        self._counts: dict[str, ui.label] = {}
        self._address: PageAddress | None = None
        self._router = ui.context.client.sub_pages_router
        add_head()
        ui.on_exception(on_unforeseen)
        ui.colors(primary="#5b5bd6", positive="#15803d", negative="#c8353b", dark_page="#0b0c0e", dark="#111215")
        nicegui_app.storage.user.setdefault("dark", None)  # None: as the system is
        self._dark = ui.dark_mode().bind_value(nicegui_app.storage.user, "dark")
        self._build_drawer(version)
        self._build_header()
        self._router.on_path_changed(self._arrived)
        self._mark_active(self._router.current_path)

    def title(self, *crumbs: tuple[str, str] | str) -> None:
        """``frame.title(("Deployments", "/deployments"), "support-triage")``: the path of the page, itself last."""
        here = str(crumbs[-1])
        ui.page_title(f"{here} · Nexdeck")
        self._crumbs.clear()
        with self._crumbs:
            for text, url in crumbs[:-1]:
                ui.link(text, url)
                icon("chevron-right", "fg3")
            ui.label(here).classes("here cut")

    def own_address(self, apply: Callable[[], Awaitable[None] | None]) -> PageAddress:
        """The address of the page that is being built; see ``PageAddress``."""
        self._address = PageAddress(apply)
        return self._address

    def show_totals(self, totals: Totals) -> None:
        numbers = (("/deployments", totals.deployments), ("/agents", totals.agents), ("/gateways", totals.gateways))
        for path, number in numbers:
            self._counts[path].text = f"{number:,}" if number else ""
        if totals.problems:
            self._verdict.show(StatusStyle(count_of(totals.problems, "problem"), "bad"))
        else:
            self._verdict.show(StatusStyle("All right", "ok"))
        self._verdict.set_visibility(totals.deployments > 0 or totals.problems > 0)

    def _build_drawer(self, version: str) -> None:
        # The browser opens it where there is room and says so. Without a value NiceGUI would ask the browser, and raise
        # when a slow one takes longer than a second to answer.
        drawer = ui.left_drawer(value=False).props("show-if-above width=228 breakpoint=899")
        with drawer.classes("frame-drawer") as self._drawer:
            with ui.link(target="/").classes("frame-brand"):
                ui.element("img").props(f'src="{asset_url("logo.svg")}" alt=""')
                ui.label("Nexdeck").classes("name")
            with ui.element("nav").props('aria-label="Main"'):
                for group, items in NAVIGATION:
                    ui.label(group).classes("caption")
                    for text, symbol, path in items:
                        with ui.link(target=path).classes("nav").mark(f"nav-{path}") as self._links[path]:
                            icon(symbol)
                            ui.label(text)
                            self._counts[path] = ui.label().classes("count num")
            with ui.element("div").classes("frame-foot line between tiny fg3"):
                ui.label(f"Version {version}")
                ui.link("REST API", "/api/docs", new_tab=True)

    def _build_header(self) -> None:
        with ui.header().classes("frame-header"):
            icon_button("menu", "Menu", self._drawer.toggle).classes("frame-menu")
            self._crumbs = ui.element("div").classes("crumbs grow")
            with ui.link(target="/").props('aria-label="Is everything all right?"'):
                self._verdict = Chip(StatusStyle("", "idle")).mark("verdict-chip")
            icon_button("sun-moon", "Switch between light and dark", self._switch_theme).mark("theme")

    async def _switch_theme(self) -> None:
        dark = self._dark.value
        if dark is None:
            dark = await ui.run_javascript("Quasar.Dark.isActive")
        self._dark.value = not dark

    def _arrived(self, path: str) -> None:
        ui.run_javascript(BELOW_900.format(id=self._drawer.id))
        self._mark_active(path)
        if self._address is not None and not self._address.arrived(path):
            self._address = None

    def _mark_active(self, path: str) -> None:
        first = "/" + urlsplit(path).path.strip("/").partition("/")[0]
        for target, link in self._links.items():
            link.classes(add="on" if target == first else None, remove=None if target == first else "on")
            link.props["aria-current"] = "page" if target == first else None


class Pages(ui.sub_pages):
    """The pages by path. What cannot be shown says so in words, with a way back."""

    def __init__(self, routes: dict[str, Builder], **collaborators) -> None:
        super().__init__({path: told_on_page(build) for path, build in routes.items()}, data=collaborators)

    async def ready(self, seconds: float = 1.0) -> None:
        """Wait for the page, so that it comes with the first answer rather than a moment after it."""
        if self._active_tasks:
            await asyncio.wait(self._active_tasks, timeout=seconds)

    def _render_404(self) -> None:
        self._cancel_active_tasks()  # of the page that the beginning of the path may have belonged to
        self._data["frame"].title("Not found")
        cannot_show("There is no such page", "The address may be mistyped, or the page has moved.")


def told_on_page(build: Builder) -> Builder:
    """An error of a service while a page is built takes the page's place."""

    @wraps(build)
    async def build_or_tell(**collaborators) -> None:
        place = ui.context.slot.parent
        try:
            await build(**collaborators)
        except StudioError as error:
            place.clear()
            with place:
                cannot_show(error.title, error.message, status=error.status)

    return build_or_tell


def cannot_show(
    title: str, message: str, *, back: str = "Go to the overview", url: str = "/", status: int = 404
) -> None:
    """Takes the place of a page; ``status`` is that of the answer, if it has not been sent yet."""
    ui.status_code(status)
    with ui.element("div").classes("card"), empty_state("compass", title, message):
        link_button(back, url, symbol="arrow-left")


def page_head(title: str, note: str = "") -> ui.element:
    """The page's heading; the element that comes back is the line for its buttons."""
    with ui.element("div").classes("page-head"):
        with ui.element("div").classes("stack tight"):
            ui.label(title).classes("h1").props("role=heading aria-level=1")
            if note:
                ui.label(note).classes("small fg2 breaks")
        return ui.element("div").classes("line wrap")
