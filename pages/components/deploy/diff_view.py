"""What changes between two revisions, for people: first what callers notice, then options, then line by line."""

from nicegui import ui

from nexdeck.pages.components.widgets.chips import Chip
from nexdeck.pages.components.widgets.code_view import code_view
from nexdeck.pages.components.widgets.fields import fold
from nexdeck.pages.words import StatusStyle, option_words
from nexdeck.services.rollout.diff import RevisionDiff, TextDiff
from nexdeck.services.rules.contract import ContractChange

BREAKING, SAFE = StatusStyle("Breaking", "bad"), StatusStyle("Safe", "ok")


def show_diff(diff: RevisionDiff) -> None:
    with ui.element("div").classes("stack full"):
        _show_summary(diff)
        if diff.contract:
            with ui.element("div").classes("changes").props('role=list aria-label="What callers notice"'):
                for change in diff.contract:
                    _show_contract_change(change)
        if diff.options:
            with ui.element("dl").classes("facts"):
                for option in diff.options:
                    with ui.element("dt"):
                        ui.label(option_words(option.path)).classes("breaks")
                    with ui.element("dd"):
                        ui.label(f"{_words(option.before)} → {_words(option.after)}").classes("keep")
        with ui.element("div").classes("folds"):
            for text in diff.texts:
                _show_text(text)


def _show_summary(diff: RevisionDiff) -> None:
    breaking, safe = len(diff.breaking), len(diff.contract) - len(diff.breaking)
    with ui.element("div").classes("line wrap"):
        ui.label(f"{diff.before_version} → {diff.after_version}").classes("mono fg2")
        if breaking:
            Chip(StatusStyle(f"{breaking} breaking", "bad")).mark("breaking-changes")
        if safe:
            Chip(StatusStyle(f"{safe} safe", "ok"))
        if not diff.contract:
            Chip(StatusStyle("Nothing that callers notice", "ok"))
        if diff.is_empty:
            ui.label("It runs the same as before.").classes("small fg3")


def _show_contract_change(change: ContractChange) -> None:
    with ui.element("div").classes("change").props("role=listitem"):
        Chip(BREAKING if change.breaking else SAFE)
        with ui.element("div").classes("line wrap"):
            words = option_words(change.path)
            is_field = words == change.path  # of the agent's schema, and so code
            ui.label(words).classes("mono breaks" if is_field else "breaks")
            ui.label(change.what).classes("fg2 breaks")


def _show_text(text: TextDiff) -> None:
    with fold(f"{text.name}  +{text.added} −{text.removed}"):
        code_view("\n".join([*text.lines, ""]), f"{text.name}.diff", height=340)


def _words(value: str | None) -> str:
    return "not set" if value is None else value or "empty"
