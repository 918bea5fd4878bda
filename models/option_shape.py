"""What the table of options says of each, and how lists of names are written. Standard library only."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, StrEnum, auto


class Notation(Enum):
    """How a value is written on the command line; in the dialog a number has a field, a switch is one."""

    SWITCH = auto()  # --flag or --no-flag
    COUNT = auto()  # a whole number
    NUMBER = auto()
    CHOICES = auto()  # words by comma
    NAMES = auto()  # names by comma, or all, or none
    REPEATED = auto()  # --flag NAME --flag NAME
    PAIRS = auto()  # --flag NAME=VALUE --flag NAME=VALUE
    PARTS = auto()  # words by comma, or none: each of ``parts`` is on or off
    JSON = auto()  # a text, or @FILE


class Group(StrEnum):
    """Where the dialog has it; LIMITS and HEALTH get the fields of their numbers and switches by themselves."""

    ACCESS = "Access"
    VARIABLES = "Environment variables"
    SECRETS = "Secrets"
    LIMITS = "Limits"
    SAMPLE = "Sample input"
    CANARY = "Canary"
    RECORDING = "Kept of each call"
    HEALTH = "Health"


@dataclass(frozen=True)
class Option:
    path: str  # in DeploymentOptions, dotted
    group: Group
    label: str  # of its field in the dialog, and in the settings tab
    words: str  # in a sentence, and where revisions are compared
    about: str  # what it means, wherever it is chosen
    flag: str
    notation: Notation
    note: str = ""  # more about the flag
    metavar: str = "N"
    unit: str = ""
    unset: str = "no limit"  # what holds where no number is chosen
    hint: bool = False  # whether the dialog says ``about`` below its field
    adds: bool = False  # on the command line: to what there is, instead of in its place
    zero_is_none: bool = False
    least: int | None = None  # where the command line itself refuses others
    most: int | None = None
    parts: tuple[str, ...] = ()

    @property
    def help(self) -> str:
        return f"{self.about} {self.note}".strip()


def names_in(text: str | None) -> list[str] | None:
    """Names by comma; None, which is all of them, for nothing or ``all``; an empty list for ``none``."""
    names = [name.strip() for name in (text or "").split(",") if name.strip()]
    if names in ([], ["all"]):
        return None
    return [] if names == ["none"] else names


def names_as_text(names: Iterable[str] | None) -> str:
    """What ``names_in`` reads as the same."""
    return "all" if names is None else ", ".join(names) or "none"
