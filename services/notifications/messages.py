"""Notices in words, from the bodies of deliveries. Names and reasons come from elsewhere and are made harmless here."""

import re
from dataclasses import dataclass
from typing import Any

from nexdeck.models.notification import NoticeEvent

MOST_LINES = 20
_CONTROLS = re.compile(r"[\x00-\x20\x7f-\x9f\u2028-\u202e\u2066-\u2069]+")
_MENTION = re.compile(r"(?<=[@<])(?=[\w!@&#])")  # @everyone, <!channel>, <@U123>
ZERO_WIDTH_SPACE = "\u200b"

_HEADS = {
    NoticeEvent.OPENED: "Trouble",
    NoticeEvent.CHANGED: "Changed",
    NoticeEvent.FLAPPING: "Comes and goes",
    NoticeEvent.ACKNOWLEDGED: "Acknowledged",
    NoticeEvent.RECOVERED: "Recovered",
    NoticeEvent.TEST: "Test",
}


@dataclass(frozen=True)
class Message:
    title: str
    body: str


def one_line(text: str, limit: int = 300) -> str:
    """Without line breaks and characters that steer, and without what a chat would take for a call to everybody."""
    plain = _CONTROLS.sub(" ", text).strip()
    plain = plain if len(plain) <= limit else f"{plain[: limit - 1]}…"
    return _MENTION.sub(ZERO_WIDTH_SPACE, plain)


def message_of(bodies: list[dict[str, Any]]) -> Message:
    """One event in full; several as a list, the newest last."""
    if len(bodies) == 1:
        body = bodies[0]
        return Message(_head(body), "\n".join(_lines(body)))
    shown = [f"{_when(body['at'])}  {_head(body)}" for body in bodies[-MOST_LINES:]]
    earlier = [f"{len(bodies) - MOST_LINES} earlier ones are left out."] if len(bodies) > MOST_LINES else []
    return Message(f"Nexdeck: {len(bodies)} notices", "\n".join([*earlier, *shown, bodies[-1]["url"]]))


def _head(body: dict[str, Any]) -> str:
    event, incident = NoticeEvent(body["event"]), body["incident"]
    grave = f" ({incident['severity']})" if event in (NoticeEvent.OPENED, NoticeEvent.CHANGED) else ""
    return one_line(f"{_HEADS[event]}{grave}: {incident['title']}", 200)


def _lines(body: dict[str, Any]) -> list[str]:
    names = [deployment["name"] for deployment in body["deployments"]]
    more = body["deployment_count"] - len(names)
    facts = [
        ("", body["message"]),
        ("Gateway: ", body["gateway"]["name"] if body["gateway"] else ""),
        ("Deployments: ", ", ".join(names) + (f" and {more} more" if more else "")),
        ("Since: ", _when(body["incident"]["opened_at"])),
        ("Until: ", _when(body["incident"]["closed_at"])),
        ("", body["url"]),
    ]
    return [before + one_line(text, 600) for before, text in facts if text]


def _when(time: str | None) -> str:
    """``2026-01-11T01:00:00Z`` → ``2026-01-11 01:00 UTC``; None is empty."""
    return f"{time[:16].replace('T', ' ')} UTC" if time else ""
