"""What came of a replay: first in figures, then call by call, those that matter most at the top."""

import json
from collections.abc import Sequence
from statistics import median

from nicegui import ui

from nexdeck.pages.components.requests.row import status_style
from nexdeck.pages.components.widgets.chips import Chip
from nexdeck.pages.components.widgets.code_view import code_view
from nexdeck.pages.components.widgets.fields import fold
from nexdeck.pages.words import StatusStyle, milliseconds
from nexdeck.services.calls.replay_calls import Replayed, ReplayedAnswer, ReplayVerdict
from nexdeck.services.calls.replays import Replay
from nexdeck.services.rules.answer_diff import Difference

VERDICTS = {
    ReplayVerdict.WORSE: StatusStyle("Fails now", "bad"),
    ReplayVerdict.CHANGED: StatusStyle("Differs", "warn"),
    ReplayVerdict.BETTER: StatusStyle("Works now", "ok"),
    ReplayVerdict.UNKNOWN: StatusStyle("Answered, nothing to compare", "idle"),
    ReplayVerdict.SAME: StatusStyle("Same", "ok"),
}
SHOWN = 60  # calls in full; more would be a long page that nobody reads
SHOWN_CHARACTERS = 20_000


def show_results(replay: Replay) -> None:
    if not replay.results:
        return
    order = list(VERDICTS)
    results = sorted(replay.results, key=lambda each: (order.index(each.verdict), -each.call.entry.id))
    with ui.element("div").classes("stack full replay"):
        with ui.element("div").classes("line wrap").mark("replay-verdicts"):
            for verdict, look in VERDICTS.items():
                if number := replay.verdicts[verdict]:
                    Chip(StatusStyle(f"{number} · {look.text.lower()}", look.tone))
        _show_latencies(results)
        for result in results[:SHOWN]:
            _show_result(result)
        if len(results) > SHOWN:
            ui.label(f"… and {len(results) - SHOWN:,} more; `nexdeck replay` lists all.").classes("small fg3")


def _show_latencies(results: Sequence[Replayed]) -> None:
    live = [each.live for each in results if each.live is not None]
    with ui.element("dl").classes("facts"):
        for term, answers in (
            ("Recorded", [each.recorded for each in results]),
            ("Live, again", live),
            ("This one", [each.candidate for each in results]),
        ):
            good = [answer.milliseconds for answer in answers if answer.is_good]
            if good:
                with ui.element("dt"):
                    ui.label(term)
                with ui.element("dd"):
                    ui.label(f"median {milliseconds(median(good))}, longest {milliseconds(max(good))}").classes("num")


def _show_result(result: Replayed) -> None:
    sides = [("recorded", result.recorded), ("live", result.live), ("now", result.candidate)]
    words = " → ".join(milliseconds(answer.milliseconds) for _, answer in sides if answer is not None)
    look = VERDICTS[result.verdict]
    with ui.element("div").classes("full replayed"):
        with fold(f"{result.call.entry.request_id}  {words}") as around, ui.element("div").classes("stack full"):
            _show_differences(result.differences)
            with ui.element("div").classes("columns"):
                for title, answer in sides:
                    if answer is not None:
                        _show_answer(title, answer)
        with around.add_slot("header"), ui.element("div").classes("line wrap full"):
            Chip(look)
            ui.label(result.call.entry.request_id).classes("mono cut grow")
            ui.label(words).classes("tiny fg2 num")


def _show_differences(found: Sequence[Difference]) -> None:
    if not found:
        return
    with ui.element("dl").classes("facts"):
        for each in found:
            with ui.element("dt"):
                ui.label(each.path or "the answer").classes("mono breaks")
            with ui.element("dd"):
                before, after = (side or "nothing" for side in (each.before, each.after))
                ui.label(f"{before} → {after}").classes("mono breaks")


def _show_answer(title: str, answer: ReplayedAnswer) -> None:
    with ui.element("div").classes("stack"):
        with ui.element("div").classes("line wrap"):
            ui.label(title).classes("small strong")
            Chip(status_style(answer.status, answer.code))
            ui.label(milliseconds(answer.milliseconds)).classes("tiny fg2 num")
        if answer.detail:
            ui.label(answer.detail).classes("small bad-text keep")
        if answer.outputs is not None:
            text = json.dumps(answer.outputs, indent=2, ensure_ascii=False)[:SHOWN_CHARACTERS]
            code_view(text, f"{title}.json", height=220, wrap=True)
