"""Writing an agent: start from an example or a file, see while typing what would be stored, and where it is wrong."""

import re
from dataclasses import dataclass

from nicegui import ui

from nexdeck.models.agent import AgentVersion
from nexdeck.pages.assets import STATIC
from nexdeck.pages.components.widgets.banner import banner
from nexdeck.pages.components.widgets.buttons import Button
from nexdeck.pages.components.widgets.chips import kind_tag
from nexdeck.pages.components.widgets.code_editor import LANGUAGES, code_editor
from nexdeck.pages.components.widgets.code_view import code_view
from nexdeck.pages.components.widgets.confirm import confirm
from nexdeck.pages.components.widgets.copy_button import CopyButton
from nexdeck.pages.components.widgets.fields import text_field
from nexdeck.pages.components.widgets.filters import Segments
from nexdeck.pages.components.widgets.modal import Modal
from nexdeck.pages.identity import me
from nexdeck.pages.notices import complain, say
from nexdeck.services.catalog.sources.draft import VersionDraft
from nexdeck.services.catalog.sources.text import MAX_SOURCE_BYTES, decode
from nexdeck.services.errors import SourceInvalid, StudioError
from nexdeck.services.studio import Studio

STARTERS = {
    "my-assistant.yaml": "Declarative",
    "word-count.py": "Python",
    "two-steps.yaml": "Orchestration",
}
TYPING_PAUSE = 0.4  # seconds without a key before what was typed is read


@dataclass(frozen=True)
class ImportTarget:
    """The agent that gets another version; without one a new agent is created."""

    agent: str
    newest: AgentVersion


async def open_agent_dialog(studio: Studio, target: ImportTarget | None = None) -> None:
    await AgentDialog(studio, target).open()


class AgentDialog:
    def __init__(self, studio: Studio, target: ImportTarget | None) -> None:
        self._studio = studio
        self._target = target
        self._pause: ui.timer | None = None
        filename, source = self._beginning()
        title = f"A new version of {target.agent}" if target else "New agent"
        note = "It is checked while you type; nothing runs here."
        self._modal = Modal(title, note, width="wide", leave=self._leave)
        self._written = source
        with self._modal.body:
            if target is None:
                starters = [(name, text) for name, text in STARTERS.items()]
                self._starters = Segments(starters, self._start_from)
                self._starters.show(filename, {})
            with ui.element("div").classes("columns"):
                with ui.element("div").classes("stack"):
                    self._filename = text_field("File", filename, mono=True, on_change=self._retype).mark("filename")
                    self._editor = code_editor(source, _suffix(filename), "Source", on_change=self._changed)
                    self._editor.mark("source")
                    self._build_upload()
                self._preview = ui.element("div").classes("stack").props("aria-live=polite")
        with self._modal.foot:
            self._modal.cancel_button()
            text = "Add this version" if target else "Create"
            self._save_button = Button(text, self._save, kind="primary", symbol="check").mark("save-agent")
        self._modal.when_shown(lambda: self._editor.reveal_line(1))

    async def open(self) -> None:
        await self._check()
        self._modal.open()

    def _leave(self) -> None:
        """Asks first where something was written."""
        written = self._editor.value or ""
        if written == self._written or any(written == _starter(name) for name in STARTERS):
            self._modal.close()
        else:
            confirm("Drop what you wrote?", "It is stored nowhere yet.", action="Drop it", do=self._drop)

    async def _drop(self) -> None:
        self._modal.close()

    def _beginning(self) -> tuple[str, str]:
        """The newest source with its version label moved on, or the first starter."""
        if self._target is None:
            name = next(iter(STARTERS))
            return name, _starter(name)
        newest = self._target.newest
        return newest.filename, bumped(newest.source, newest.version)

    def _build_upload(self) -> None:
        upload = ui.upload(
            label="Or drop a .yaml or .py file here",
            auto_upload=True,
            max_file_size=MAX_SOURCE_BYTES,
            max_files=1,
            on_upload=self._uploaded,
            on_rejected=lambda: complain("Choose one .yaml or .py file of at most 1 MB."),
        )
        upload.props('accept=".yaml,.yml,.py" flat')

    async def _uploaded(self, event) -> None:
        try:
            source = decode(await event.file.read())
        except SourceInvalid as error:
            self._show_faults(error)
            return
        finally:
            event.sender.reset()
        if self._target is None:
            self._starters.show("", {})
        self._filename.set_value(event.file.name)
        self._editor.set_value(source)

    async def _start_from(self, name: str) -> None:
        written = self._editor.value or ""
        if any(written == _starter(other) for other in STARTERS) or not written.strip():
            await self._take_starter(name)
        else:
            confirm(
                "Start over?",
                f"What you wrote is replaced by the starting point “{STARTERS[name]}”.",
                action="Replace it",
                do=lambda: self._take_starter(name),
            )

    async def _take_starter(self, name: str) -> None:
        self._starters.show(name, {})
        self._filename.set_value(name)
        self._editor.set_value(_starter(name))

    def _retype(self) -> None:
        self._editor.set_language(LANGUAGES.get(_suffix(self._filename.value or "")))
        self._changed()

    def _changed(self) -> None:
        """Begin the pause anew; each key pushes the check further away."""
        if self._pause is not None:
            self._pause.cancel()
        self._pause = ui.timer(TYPING_PAUSE, self._check, once=True)

    async def _check(self) -> None:
        """Read what stands there now; if more was typed meanwhile, the next check tells about that."""
        filename, source = self._filename.value or "", self._editor.value or ""
        try:
            outcome = await self._studio.agents.preview(filename, source, actor=me())
        except SourceInvalid as error:
            outcome = error
        if (filename, source) != (self._filename.value or "", self._editor.value or ""):
            return
        if isinstance(outcome, SourceInvalid):
            self._show_faults(outcome)
        else:
            self._show_draft(outcome)

    def _show_faults(self, error: SourceInvalid) -> None:
        self._save_button.set_enabled(False)
        self._preview.clear()
        with self._preview:
            _show_faults(error)

    def _show_draft(self, draft: VersionDraft) -> None:
        self._save_button.set_enabled(True)
        self._preview.clear()
        with self._preview:
            with ui.element("div").classes("line wrap"):
                ui.label(draft.name).classes("h2 breaks").mark("draft-name")
                ui.label(draft.version).classes("mono")
                kind_tag(draft.kind)
            if draft.description:
                ui.label(draft.description).classes("small fg2 breaks")
            if draft.secrets:
                banner(f"It reads {', '.join(draft.secrets)}; the deploy dialog asks for what is not stored.", "info")
            code_view(draft.module, f"{draft.name}.py", height=330)
            with ui.element("div").classes("line"):
                ui.label("SHA-256").classes("tiny fg3 fixed-size")
                ui.label(draft.sha256).classes("mono cut")
                CopyButton(draft.sha256, "Copy the SHA-256")

    async def _save(self) -> None:
        filename, source = self._filename.value or "", self._editor.value or ""
        try:
            if self._target is None:
                name = (await self._studio.agents.create(filename, source, actor=me())).agent.name
            else:
                name = self._target.agent
                await self._studio.agents.add_version(name, filename, source, actor=me())
        except SourceInvalid as error:
            self._show_faults(error)
            return
        except StudioError as error:
            complain(error.message)
            return
        self._modal.close()
        say(f"{name} is in the catalog.")
        ui.navigate.to(f"/agents/{name}")


def bumped(source: str, version: str) -> str:
    """The source with the first ``version`` in it moved on by one patch: 1.4.2 → 1.4.3."""
    numbers = re.match(r"(\d+)\.(\d+)\.(\d+)", version)
    if numbers is None:
        return source
    major, minor, patch = map(int, numbers.groups())
    pattern = rf"""(?m)^(version:\s*|__version__\s*=\s*)(["']?){re.escape(version)}"""
    return re.sub(pattern, rf"\g<1>\g<2>{major}.{minor}.{patch + 1}", source, count=1)


def _starter(name: str) -> str:
    return (STATIC / "starters" / name).read_text()


def _suffix(filename: str) -> str:
    return filename.rpartition(".")[2].lower()


MOST_FAULTS = 12  # shown


def _show_faults(error: SourceInvalid) -> None:
    banner(error.message, "bad")
    with ui.element("div").classes("faults").props("role=list"):
        for fault in error.errors[:MOST_FAULTS]:
            with ui.element("div").classes("fault").props("role=listitem"):
                place = f"{fault.line}:{fault.column or 1}" if fault.line else "–"
                ui.label(place).classes("place").props(f'title="line {fault.line}, column {fault.column}"')
                ui.label(f"{fault.path}: {fault.message}" if fault.path else fault.message)
    if (more := len(error.errors) - MOST_FAULTS) > 0:
        ui.label(f"and {more} more").classes("tiny fg3")
