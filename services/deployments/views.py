"""What lists and pages show of deployments: read-only, one query a question, whatever the number of rows."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, case
from sqlmodel import Session, func, or_, select

from nexdeck.models.actor import Actor
from nexdeck.models.agent import Agent, AgentVersion
from nexdeck.models.deployment import (
    Deployment,
    DeploymentKey,
    DeploymentStatus,
    HealthState,
    Operation,
    OperationStatus,
    Revision,
    StatusChange,
)
from nexdeck.models.gateway import Gateway
from nexdeck.models.manifest import AgentKind
from nexdeck.models.options import DeploymentOptions
from nexdeck.services.deployments.journal import OperationDetail, read_operation
from nexdeck.services.errors import Conflict, Fault, InvalidInput, NotFound
from nexdeck.services.platform.database import Database
from nexdeck.services.platform.paging import MAX_LIMIT, Page, parse_cursor

EVENTS_SHOWN = 50
SORTS = {
    "name": Deployment.name,
    "agent": Agent.name,
    "gateway": Gateway.name,
    "status": Deployment.status,
    "health": Deployment.health_status,
    "requests": Deployment.request_count,
    "deployed_at": Deployment.deployed_at,
    "updated_at": Deployment.updated_at,
}


@dataclass(frozen=True)
class DeploymentQuery:
    """``q`` searches names of deployments and agents; ``sort`` is a key of ``SORTS``, ``-`` before it to descend."""

    q: str = ""
    status: DeploymentStatus | None = None
    health: HealthState | None = None
    gateway: str | None = None
    agent: str | None = None
    sort: str = "-updated_at"
    limit: int = 25
    cursor: str | None = None


@dataclass(frozen=True)
class DeploymentSummary:
    deployment: Deployment
    agent_name: str
    gateway_name: str
    kind: AgentKind
    operation: OperationDetail | None


@dataclass(frozen=True)
class DeploymentCounts:
    """``busy``: those of a change under way; ``serving``: those that answer callers, a change under way or not."""

    total: int = 0
    running: int = 0
    stopped: int = 0
    failed: int = 0
    busy: int = 0
    unhealthy: int = 0
    serving: int = 0


@dataclass(frozen=True)
class DeploymentDetail:
    """``options`` and ``artifact`` are those in force: of the live revision, else of what a start would bring up. A
    redeploy that failed, or a canary that is still tried, changes neither."""

    summary: DeploymentSummary
    gateway: Gateway
    live: Revision | None
    revisions: list[Revision]
    operation: OperationDetail | None
    events: list[StatusChange]
    keys: list[DeploymentKey]
    options: DeploymentOptions
    artifact: AgentVersion
    live_artifact: AgentVersion | None


def find_deployment(session: Session, deployment: str) -> Deployment:
    """By id (undeployed ones too) or by the name of one that is not undeployed. Raises NotFound, or Conflict."""
    if row := session.get(Deployment, deployment):
        return row
    named = select(Deployment).where(Deployment.name == deployment, Deployment.undeployed_at.is_(None))
    rows = session.exec(named).all()
    if not rows:
        raise NotFound(f"There is no deployment {deployment[:80]!r}. `nexdeck ps` shows those there are.")
    if len(rows) > 1:
        ids = ", ".join(row.id for row in rows)
        raise Conflict(f"Several gateways have a {deployment}; say which by its id: {ids}.", code="ambiguous_name")
    return rows[0]


def list_deployments(session: Session, query: DeploymentQuery) -> Page[DeploymentSummary]:
    offset, limit = parse_cursor(query.cursor), max(1, min(query.limit, MAX_LIMIT))
    column = SORTS.get(query.sort.removeprefix("-"))
    if column is None:
        fault = Fault("sort", f"one of {', '.join(SORTS)}, with - before it for descending")
        raise InvalidInput("The list cannot be sorted by that.", errors=[fault])
    conditions = _conditions(query)
    rows = select(Deployment, Agent.name, Gateway.name, AgentVersion.kind)
    rows = rows.join(Agent, Agent.id == Deployment.agent_id).join(Gateway, Gateway.id == Deployment.gateway_id)
    rows = rows.join(
        AgentVersion, (AgentVersion.agent_id == Deployment.agent_id) & (AgentVersion.version == Deployment.version)
    ).where(*conditions)
    total = session.exec(select(func.count()).select_from(rows.subquery())).one()
    order = column.desc() if query.sort.startswith("-") else column
    found = session.exec(rows.order_by(order, Deployment.id).offset(offset).limit(limit)).all()
    active = _active(session, [deployment.id for deployment, *_ in found])
    items = [DeploymentSummary(row, agent, gateway, kind, active.get(row.id)) for row, agent, gateway, kind in found]
    return Page(items, total, offset, limit)


def _conditions(query: DeploymentQuery) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [Deployment.undeployed_at.is_(None)]
    if text := query.q.strip().lower():
        conditions.append(or_(*(func.lower(c).contains(text, autoescape=True) for c in (Deployment.name, Agent.name))))
    if query.status:
        conditions.append(Deployment.status == query.status)
    if query.health:
        conditions.append(Deployment.health_status == query.health)
    if query.gateway:
        conditions.append(or_(Gateway.id == query.gateway, Gateway.name == query.gateway))
    if query.agent:
        conditions.append(or_(Agent.id == query.agent, Agent.name == query.agent))
    return conditions


def read_summary(session: Session, deployment_id: str) -> DeploymentSummary:
    row = find_deployment(session, deployment_id)
    of_it = select(AgentVersion.kind).where(AgentVersion.agent_id == row.agent_id, AgentVersion.version == row.version)
    return DeploymentSummary(
        row,
        session.get_one(Agent, row.agent_id).name,
        session.get_one(Gateway, row.gateway_id).name,
        session.exec(of_it).one(),
        _active(session, [row.id]).get(row.id),
    )


def read_counts(session: Session) -> DeploymentCounts:
    def count(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

    status, busy = Deployment.status, (DeploymentStatus.PENDING, DeploymentStatus.DEPLOYING)
    sick = (HealthState.UNHEALTHY, HealthState.DEGRADED)
    columns = [
        func.count(),
        *(
            count(status == state)
            for state in (DeploymentStatus.RUNNING, DeploymentStatus.STOPPED, DeploymentStatus.FAILED)
        ),
        count(status.in_(busy)),
        count((status == DeploymentStatus.RUNNING) & Deployment.health_status.in_(sick)),
        count(is_serving()),
    ]
    return DeploymentCounts(*session.exec(select(*columns).where(Deployment.undeployed_at.is_(None))).one())


def is_serving() -> ColumnElement[bool]:
    """Whether it answers callers as far as is known: a redeploy or a canary takes nothing away from them."""
    served = (DeploymentStatus.PENDING, DeploymentStatus.DEPLOYING, DeploymentStatus.RUNNING)
    is_there = Deployment.live_revision.is_not(None) & (Deployment.health_status != HealthState.UNHEALTHY)
    return is_there & Deployment.status.in_(served)


def read_detail(session: Session, deployment_id: str) -> DeploymentDetail:
    summary = read_summary(session, deployment_id)
    row = summary.deployment

    def of_it(table, newest_first) -> list:
        return list(session.exec(select(table).where(table.deployment_id == row.id).order_by(newest_first.desc())))

    revisions = of_it(Revision, Revision.number)
    operations = select(Operation).where(Operation.deployment_id == row.id).order_by(Operation.created_at.desc())
    last = session.exec(operations).first()
    live = next((revision for revision in revisions if revision.number == row.live_revision), None)
    in_force = live or next((revision for revision in revisions if revision.proven_at), revisions[0])
    changes = select(StatusChange).where(StatusChange.deployment_id == row.id).order_by(StatusChange.id.desc())
    return DeploymentDetail(
        summary=summary,
        gateway=session.get_one(Gateway, row.gateway_id),
        live=live,
        revisions=revisions,
        operation=summary.operation or (read_operation(session, last.id) if last else None),
        events=list(session.exec(changes.limit(EVENTS_SHOWN))),
        keys=of_it(DeploymentKey, DeploymentKey.created_at),
        options=DeploymentOptions.model_validate(in_force.options),
        artifact=session.get_one(AgentVersion, in_force.version_id),
        live_artifact=session.get_one(AgentVersion, live.version_id) if live else None,
    )


def _active(session: Session, deployment_ids: list[str]) -> dict[str, OperationDetail]:
    active = select(Operation).where(
        Operation.deployment_id.in_(deployment_ids), Operation.status == OperationStatus.RUNNING
    )
    return {row.deployment_id: read_operation(session, row.id) for row in session.exec(active)}


class DeploymentReader:
    """The questions that one can ask about deployments; nothing here changes anything."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, deployment: str, *, actor: Actor) -> Deployment:
        """By id, or by name where it is unambiguous. Raises NotFound or Conflict."""
        return await self._database.read(lambda session: find_deployment(session, deployment))

    async def list(self, query: DeploymentQuery, *, actor: Actor) -> Page[DeploymentSummary]:
        return await self._database.read(lambda session: list_deployments(session, query))

    async def summary(self, deployment: str, *, actor: Actor) -> DeploymentSummary:
        return await self._database.read(lambda session: read_summary(session, deployment))

    async def counts(self, *, actor: Actor) -> DeploymentCounts:
        return await self._database.read(read_counts)

    async def overview(self, deployment: str, *, actor: Actor) -> DeploymentDetail:
        """Everything that a deployment's page shows, from one transaction."""
        return await self._database.read(lambda session: read_detail(session, deployment))

    async def operation(self, operation_id: str, *, actor: Actor) -> OperationDetail:
        return await self._database.read(lambda session: read_operation(session, operation_id))
