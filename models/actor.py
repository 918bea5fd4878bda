"""Who acts: the one argument of every service method that does or reads something for somebody."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

CLI_AGENT = "nexdeck-cli"  # what the command line calls itself as a client of the REST API


class Through(StrEnum):
    """By what the actor reached the service."""

    PAGE = "page"
    REST = "rest"
    CLI = "cli"
    JOB = "job"  # nobody: what Nexdeck does by itself


@dataclass(frozen=True, slots=True)
class Actor:
    """Made in one place for each way in: ``pages.identity``, ``app.api.parameters``, and ``system`` for jobs."""

    name: str  # as it is stored beside what was done
    through: Through
    address: str | None = None  # of the host that asked; None where nobody did

    @classmethod
    def system(cls) -> Self:
        """Nexdeck itself."""
        return cls("nexdeck", Through.JOB)
