"""The query part of a page's address: what is filtered, sorted or opened can be shared, and "back" works."""

from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl, urlencode, urlsplit

from nicegui import background_tasks, ui


class PageAddress:
    """One page's address. ``apply`` is called with the new parameters when the browser goes back, forward or to a link.

    >>> address["status"]           # "" when it is not there
    >>> address.go(status="failed") # pushes /deployments?status=failed without building the page anew
    """

    def __init__(self, apply: Callable[[], Awaitable[None] | None]) -> None:
        self._router = ui.context.client.sub_pages_router
        parts = urlsplit(self._router.current_path)
        self.path = parts.path
        self._parameters = dict(parse_qsl(parts.query))
        self._apply = apply
        self._slot = ui.context.slot

    def __getitem__(self, name: str) -> str:
        return self._parameters.get(name, "")

    def with_(self, **changes: str | None) -> str:
        """The address with some parameters changed; an empty one is left out."""
        parameters = {**self._parameters, **changes}
        query = urlencode({name: value for name, value in parameters.items() if value})
        return f"{self.path}?{query}" if query else self.path

    def go(self, *, replace: bool = False, **changes: str | None) -> None:
        """Write the change into the browser's address. The page itself shows it; it is not built anew."""
        url = self.with_(**changes)
        if url == self._router.current_path:
            return
        self._parameters = dict(parse_qsl(urlsplit(url).query))
        self._router.current_path = url
        (ui.navigate.history.replace if replace else ui.navigate.history.push)(url)

    def arrived(self, path: str) -> bool:
        """The browser is at ``path`` now. False when that is not this page."""
        parts = urlsplit(path)
        if parts.path != self.path:
            return False
        parameters = dict(parse_qsl(parts.query))
        if parameters != self._parameters:
            self._parameters = parameters
            result = self._apply()
            if result is not None:
                background_tasks.create(result, name="follow the address", context=self._slot)
        return True
