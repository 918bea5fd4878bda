"""A catalog on a SQLite file of its own, and the sample agents in it."""

from pathlib import Path

from sqlmodel import SQLModel

import nexdeck.models.gateway  # noqa: F401  the tables that deployments refer to
from nexdeck.models.agent import AgentVersion
from nexdeck.services.catalog.service import AgentCatalog
from nexdeck.services.platform.changes import Changes
from nexdeck.services.platform.database import Database
from tests.actors import ACTOR

EXAMPLES = Path(__file__).parents[3] / "examples"
# The orchestrations last: they name agents that must be there.
EXAMPLE_FILES = [
    *("text_statistics.py", "keyword_extractor.py", "csv_summary.py", "payment_check.py", "json_diff.py"),
    *("log_summary.py", "ticket_router.py", "order_total.py", "release_notes.py", "meeting_minutes.yaml"),
    *("support_reply.yaml", "incident_triage.yaml", "text_report.yaml"),
]


def new_database(folder: Path) -> Database:
    database = Database(f"sqlite:///{folder / 'catalog.sqlite'}")
    SQLModel.metadata.create_all(database.engine)
    return database


def new_catalog(folder: Path) -> AgentCatalog:
    return AgentCatalog(new_database(folder), Changes())


async def with_examples(catalog: AgentCatalog) -> dict[str, AgentVersion]:
    """The versions of all sample agents, by the name of their file."""
    versions = {}
    for name in EXAMPLE_FILES:
        detail = await catalog.create(name, (EXAMPLES / name).read_text(encoding="utf-8"), actor=ACTOR)
        versions[name] = detail.versions[0]
    return versions
