"""The order of semantic versions: https://semver.org/#spec-item-11."""

from collections.abc import Iterable

Precedence = tuple[tuple[int, ...], bool, tuple[tuple[bool, int, str], ...]]


def precedence(version: str) -> Precedence:
    """A key to sort valid versions by: 1.0.0-beta.2 < 1.0.0-beta.11 < 1.0.0 < 1.0.1. Build metadata has no say."""
    core, _, prerelease = version.partition("+")[0].partition("-")
    parts = prerelease.split(".") if prerelease else []
    # Among pre-release parts numbers come before words, and compare as numbers.
    keys = tuple((not part.isdigit(), int(part) if part.isdigit() else 0, part) for part in parts)
    return tuple(map(int, core.split("."))), not parts, keys


def newest(versions: Iterable[str]) -> str:
    """The highest release; a pre-release only where there is nothing else."""
    return max(versions, key=lambda version: (precedence(version)[1], precedence(version)))
