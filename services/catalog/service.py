"""The catalog: agents and their immutable versions, read from YAML or Python and never executed here."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, func, select

from nexdeck.models.actor import Actor
from nexdeck.models.agent import Agent, AgentVersion
from nexdeck.models.base import DEFAULT_WORKSPACE
from nexdeck.models.deployment import Deployment
from nexdeck.models.manifest import AgentKind
from nexdeck.services.catalog.samples import sample_sources
from nexdeck.services.catalog.sources.draft import VersionDraft
from nexdeck.services.catalog.sources.reader import read_source
from nexdeck.services.errors import Conflict, Fault, NotFound, SourceInvalid
from nexdeck.services.platform.changes import Changes
from nexdeck.services.platform.database import Database
from nexdeck.services.platform.paging import Page, parse_cursor
from nexdeck.services.rules.versions import newest, precedence


@dataclass(frozen=True)
class AgentSummary:
    agent: Agent
    latest: AgentVersion
    version_count: int
    deployment_count: int


@dataclass(frozen=True)
class AgentDetail:
    """``versions``: newest first, by semantic version."""

    agent: Agent
    versions: list[AgentVersion]


class AgentCatalog:
    """``agent`` is an id or a name everywhere. Sources are YAML (``.yaml``, ``.yml``) or Python (``.py``)."""

    def __init__(self, database: Database, changes: Changes) -> None:
        self._database = database
        self._changes = changes

    async def preview(self, filename: str, source: str, *, actor: Actor) -> VersionDraft:
        """What would be stored, module included. Raises SourceInvalid with the position of each fault."""

        def query(session: Session) -> VersionDraft:
            return read_source(filename, source, lambda agent, version: find_version(session, agent, version))

        return await self._database.read(query)

    async def create(self, filename: str, source: str, *, actor: Actor) -> AgentDetail:
        """A new agent with its first version. Raises Conflict (``agent_exists``) if the name is taken."""
        draft = await self.preview(filename, source, actor=actor)
        taken = f"There is an agent {draft.name!r} already; add this source to it as a version, or rename it."

        def change(session: Session) -> AgentDetail:
            if _by_name(session, draft.name) is not None:
                raise Conflict(taken, code="agent_exists")
            agent = Agent(name=draft.name, created_by=actor.name)
            session.add(agent)
            try:
                session.flush()
            except IntegrityError:  # another process was quicker between the look and the insert
                raise Conflict(taken, code="agent_exists") from None
            return AgentDetail(agent, [_add(session, agent, draft, actor.name)])

        detail = await self._database.write(change)
        self._changes.agent.send(detail.agent.id)
        return detail

    async def import_samples(self, *, actor: Actor) -> list[AgentDetail]:
        """Add the sample agents that are not there yet. Returns those that were added."""
        added = []
        for filename, source in await asyncio.to_thread(sample_sources):
            with suppress(Conflict):
                added.append(await self.create(filename, source, actor=actor))
        return added

    async def add_version(self, agent: str, filename: str, source: str, *, actor: Actor) -> AgentVersion:
        """Another version of ``agent``; the existing one if its label and source are the same.

        Raises Conflict (``version_exists``) if the label belongs to a different source. A Python source has no name of
        its own, so any file name will do.
        """
        draft = await self.preview(filename, source, actor=actor)

        def change(session: Session) -> tuple[AgentVersion, bool]:
            row = find_agent(session, agent)
            if draft.kind is not AgentKind.PYTHON and draft.name != row.name:
                message = f"this is {draft.name!r}, not {row.name!r}; change the name here, or add it as an agent"
                raise SourceInvalid("The source belongs to another agent.", errors=[Fault("name", message)])
            same = next((version for version in _versions(session, row.id) if version.version == draft.version), None)
            if same is None:
                return _add(session, row, draft, actor.name), True
            if same.source == draft.source and same.sha256 == draft.sha256:
                return same, False
            raise _version_exists(row.name, draft.version)

        version, is_new = await self._database.write(change)
        if is_new:
            self._changes.agent.send(version.agent_id)
        return version

    async def list(
        self, *, q: str = "", kind: AgentKind | None = None, limit: int = 25, cursor: str | None = None, actor: Actor
    ) -> Page[AgentSummary]:
        """By name; ``q`` is a part of the name or of the newest description, ``kind`` that of the newest version."""
        offset = parse_cursor(cursor)

        def query(session: Session) -> Page[AgentSummary]:
            found = _catalogue(session, q.strip().casefold(), kind)
            items = [_summary(session, *entry) for entry in found[offset : offset + limit]]
            return Page(items, len(found), offset, limit)

        return await self._database.read(query)

    async def get(self, agent: str, *, actor: Actor) -> AgentDetail:
        """Raises NotFound."""

        def query(session: Session) -> AgentDetail:
            row = find_agent(session, agent)
            return AgentDetail(row, _versions(session, row.id))

        return await self._database.read(query)

    async def version(self, agent: str, version: str | None = None, *, actor: Actor) -> AgentVersion:
        """None: the newest release (a pre-release only where there is nothing else). Raises NotFound."""
        return await self._database.read(lambda session: find_version(session, agent, version))

    async def delete(self, agent: str, *, actor: Actor) -> None:
        """Remove the agent with all its versions. Raises Conflict (``in_use``) while deployments refer to it."""

        def change(session: Session) -> str:
            row = find_agent(session, agent)
            deployments = session.exec(select(Deployment).where(Deployment.agent_id == row.id)).all()
            if live := sorted(deployment.name for deployment in deployments if deployment.undeployed_at is None):
                raise Conflict(f"{row.name} is deployed as {', '.join(live)}; undeploy it first.", code="in_use")
            if deployments:
                message = f"{row.name} was deployed before; the history of its deployments needs it, so it stays."
                raise Conflict(message, code="in_use")
            for version in _versions(session, row.id):
                session.delete(version)
            session.flush()
            session.delete(row)
            return row.id

        self._changes.agent.send(await self._database.write(change))


def find_agent(session: Session, agent: str) -> Agent:
    """By id or name. Raises NotFound."""
    row = session.get(Agent, agent) or _by_name(session, agent)
    if row is None:
        raise NotFound(f"There is no agent {agent!r}.")
    return row


def find_version(session: Session, agent: str, version: str | None) -> AgentVersion:
    """None: the newest release. Raises NotFound."""
    row = find_agent(session, agent)
    versions = {candidate.version: candidate for candidate in _versions(session, row.id)}
    wanted = newest(versions) if version is None else version
    if wanted not in versions:
        raise NotFound(f"{row.name} has no version {wanted!r}; it has {', '.join(versions)}.")
    return versions[wanted]


def _by_name(session: Session, name: str) -> Agent | None:
    query = select(Agent).where(Agent.workspace_id == DEFAULT_WORKSPACE, Agent.name == name)
    return session.exec(query).one_or_none()


def _versions(session: Session, agent_id: str) -> list[AgentVersion]:
    rows = session.exec(select(AgentVersion).where(AgentVersion.agent_id == agent_id)).all()
    return sorted(rows, key=lambda row: (precedence(row.version), row.created_at), reverse=True)


def _add(session: Session, agent: Agent, draft: VersionDraft, by: str) -> AgentVersion:
    columns = {name: getattr(draft, name) for name in AgentVersion.model_fields if hasattr(draft, name)}
    version = AgentVersion(agent_id=agent.id, created_by=by, **columns)
    session.add(version)
    try:
        session.flush()
    except IntegrityError:  # another process was quicker between the look and the insert
        raise _version_exists(agent.name, draft.version) from None
    return version


def _version_exists(agent: str, version: str) -> Conflict:
    message = f"{agent} {version} exists already and versions never change; give this one a new version label."
    return Conflict(message, code="version_exists")


def _catalogue(session: Session, q: str, kind: AgentKind | None) -> list[tuple[Agent, str, int]]:
    """(agent, id of its newest version, number of versions), by name; without sources and modules, which are long."""
    columns = (AgentVersion.id, AgentVersion.version, AgentVersion.kind, AgentVersion.description)
    rows = session.exec(
        select(Agent, *columns).join(AgentVersion).where(Agent.workspace_id == DEFAULT_WORKSPACE).order_by(Agent.name)
    )
    grouped: dict[str, list] = {}
    for row in rows:
        grouped.setdefault(row[0].id, []).append(row)
    entries = []
    for versions in grouped.values():
        label = newest(row.version for row in versions)
        latest = next(row for row in versions if row.version == label)
        text = f"{latest[0].name} {latest.description}".casefold()
        if q in text and kind in (None, latest.kind):
            entries.append((latest[0], latest.id, len(versions)))
    return entries


def _summary(session: Session, agent: Agent, version_id: str, version_count: int) -> AgentSummary:
    present = select(func.count()).where(Deployment.agent_id == agent.id, Deployment.undeployed_at.is_(None))
    latest = session.get_one(AgentVersion, version_id)
    return AgentSummary(agent, latest, version_count, session.exec(present).one())
