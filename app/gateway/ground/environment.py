"""A deployment's environment variables, visible in ``os.environ`` only to that deployment's own code.

Many deployments share the process, so their variables cannot be put into its environment. Instead the class of the
one ``os.environ`` object is exchanged: every reference to it that any library took earlier keeps working, and each use
first asks the running call for its overlay. What a deployment writes or deletes stays in its own overlay.

Child processes started without ``env=`` inherit the process's real environment, and so do not see an overlay.
"""

import os
from collections.abc import Callable, Collection, Iterator

SHORTEST_SECRET = 8  # characters; shorter values are too likely to be ordinary words to be masked
MASK = "•••"
ALWAYS = frozenset({"PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "TZ"})  # which the standard library asks for


class Overlay:
    """The variables of one revision. A value of None hides the process's own variable of that name.

    ``inherited`` names those of the process's own that are seen beside ``ALWAYS``; None: all of them.
    """

    def __init__(self, variables: dict[str, str] | None = None, inherited: Collection[str] | None = None) -> None:
        self.values: dict[str, str | None] = dict(variables or {})
        self._inherited = None if inherited is None else ALWAYS.union(inherited)
        self._secrets = sorted(
            (value for value in (variables or {}).values() if _worth_masking(value)), key=len, reverse=True
        )

    def inherits(self, name: str) -> bool:
        """Whether a variable of the process's own is seen, if the process has it and this hides it not."""
        return self._inherited is None or name in self._inherited

    def mask(self, text: str) -> str:
        """The text without the values of this overlay: for logs and answers."""
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, MASK)
        return text


def _worth_masking(value: str) -> bool:
    """Any longer value may be a secret, except a plain address: masking that would make error messages useless."""
    return len(value) >= SHORTEST_SECRET and not (value.startswith(("http://", "https://")) and "@" not in value)


class ScopedEnviron(os._Environ):
    """``os.environ`` as the running deployment sees it; outside of a deployment's code, the process's own."""

    current: Callable[[], Overlay | None] = staticmethod(lambda: None)

    def __getitem__(self, key: str) -> str:
        overlay = self.current()
        if overlay is not None and key in overlay.values:
            value = overlay.values[key]
            if value is None:
                raise KeyError(key)
            return value
        if overlay is not None and not overlay.inherits(key):
            raise KeyError(key)
        return super().__getitem__(key)

    def __setitem__(self, key: str, value: str) -> None:
        overlay = self.current()
        if overlay is None:
            super().__setitem__(key, value)
            return
        if not isinstance(key, str) or not isinstance(value, str):
            raise TypeError(f"str expected, not {type(key if not isinstance(key, str) else value).__name__}")
        overlay.values[key] = value

    def __delitem__(self, key: str) -> None:
        overlay = self.current()
        if overlay is None:
            super().__delitem__(key)
            return
        self[key]  # raises KeyError for what is not there, as any mapping does
        overlay.values[key] = None

    def __iter__(self) -> Iterator[str]:
        overlay = self.current()
        if overlay is None:
            yield from super().__iter__()
            return
        values = dict(overlay.values)
        yield from (key for key in super().__iter__() if key not in values and overlay.inherits(key))
        yield from (key for key, value in values.items() if value is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def install(current: Callable[[], Overlay | None]) -> None:
    """Make ``os.environ`` ask ``current`` for the overlay of the running deployment."""
    ScopedEnviron.current = staticmethod(current)
    os.environ.__class__ = ScopedEnviron
