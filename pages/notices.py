"""The one place where an error becomes words on the screen."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from nicegui import ui
from nicegui.helpers import should_await

from nexdeck.services.errors import StudioError

LONG = 9000  # milliseconds: long enough to read what to do


def say(message: str) -> None:
    """Tell that something was done."""
    ui.notify(message, type="positive", position="bottom-right", timeout=3500)


def complain(message: str) -> None:
    close = {"label": "Close", "color": "white", "noCaps": True}  # Quasar's own close button is violet on red
    ui.notify(message, type="negative", position="bottom-right", timeout=LONG, multi_line=True, actions=[close])


def words_for(error: StudioError) -> str:
    """The message, and below it each fault that it does not already name."""
    details = [str(fault) for fault in error.errors if fault.message not in error.message]
    return "\n".join([error.message, *details[:5]])


@contextmanager
def told() -> Iterator[None]:
    """What a service refuses inside becomes a notice; anything else goes on to ``on_unforeseen``."""
    try:
        yield
    except StudioError as error:
        complain(words_for(error))


def telling(handler: Callable[..., Any]) -> Callable[..., Awaitable[None]]:
    """The handler of a click, sync or async, under ``told``."""

    async def handle(*arguments: Any) -> None:
        with told():
            result = handler(*arguments)
            if should_await(result):
                await result

    return handle


def on_unforeseen(error: Exception) -> None:
    """Something that nobody thought of: NiceGUI logs it, the person gets a calm sentence without its text."""
    if isinstance(error, StudioError):
        complain(words_for(error))
    else:
        complain("Something went wrong on our side. It is in the log of Nexdeck; try again, or reload the page.")
