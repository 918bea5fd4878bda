"""Going from one revision to another: what would change, whether callers would break, and which one to go back to."""

from sqlmodel import Session, select

from nexdeck.models.actor import Actor
from nexdeck.models.agent import AgentVersion
from nexdeck.models.deployment import Deployment, DeploymentStatus, Revision
from nexdeck.models.options import DeploymentOptions
from nexdeck.services.catalog.service import AgentCatalog
from nexdeck.services.deployments.views import find_deployment, read_detail
from nexdeck.services.errors import Conflict, Fault, InvalidInput, NotFound
from nexdeck.services.platform.database import Database
from nexdeck.services.rollout.diff import RevisionDiff, Snapshot, compare, contract_changes
from nexdeck.services.rollout.requests import DeploymentRequest, revision_to_run

LONGEST_REASON = 500  # characters


class RevisionDiffs:
    """Compares revisions, those that exist and those that a redeploy would make."""

    def __init__(self, database: Database, agents: AgentCatalog) -> None:
        self._database = database
        self._agents = agents

    async def diff(
        self,
        deployment: str,
        *,
        to_version: str | None = None,
        to_options: DeploymentOptions | None = None,
        actor: Actor,
    ) -> RevisionDiff:
        """What a redeploy would change of what serves; version None is the newest, options None as before."""
        detail = await self._database.read(lambda session: read_detail(session, deployment))
        wanted = await self._agents.version(detail.summary.deployment.agent_id, to_version, actor=actor)
        candidate = Snapshot(None, wanted, to_options or detail.options)

        def read(session: Session) -> RevisionDiff:
            row = find_deployment(session, detail.summary.deployment.id)
            return compare(_snapshot(session, revision_to_run(session, row)), candidate)

        return await self._database.read(read)

    async def diff_revisions(self, deployment: str, a: int, b: int, *, actor: Actor) -> RevisionDiff:
        """What going from revision ``a`` to ``b`` changes. Raises NotFound."""

        def read(session: Session) -> RevisionDiff:
            row = find_deployment(session, deployment)
            before, after = find_revision(session, row, a), find_revision(session, row, b)
            return compare(_snapshot(session, before), _snapshot(session, after))

        return await self._database.read(read)

    async def diff_rollback(self, deployment: str, revision: int | None = None, *, actor: Actor) -> RevisionDiff:
        """What a rollback would change of what serves. Raises as ``rollback`` does."""

        def read(session: Session) -> RevisionDiff:
            row = find_deployment(session, deployment)
            target = rollback_target(session, row, revision)
            return compare(_snapshot(session, revision_to_run(session, row)), _snapshot(session, target))

        return await self._database.read(read)


def find_revision(session: Session, deployment: Deployment, number: int) -> Revision:
    query = select(Revision).where(Revision.deployment_id == deployment.id, Revision.number == number)
    revision = session.exec(query).first()
    if revision is None:
        raise NotFound(f"{deployment.name} has no revision {number}.")
    return revision


def require_unbroken(session: Session, deployment: Deployment, request: DeploymentRequest) -> None:
    """The contract gate: raise Conflict when what callers use now would break. A deployment that was never proven, or
    that is stopped, has no callers."""
    if deployment.status in (DeploymentStatus.STOPPED, DeploymentStatus.FAILED):
        return
    serving = revision_to_run(session, deployment)
    if serving.proven_at is None:
        return
    candidate = Snapshot(None, request.version, request.options)
    changes = contract_changes(_snapshot(session, serving), candidate)
    if breaking := [Fault(change.path, change.what) for change in changes if change.breaking]:
        raise Conflict(
            f"Callers of {deployment.name} would break. Nothing was changed. If you want that, say --allow-breaking "
            "(REST: allow_breaking), or tick “Break these callers” in the dialog.",
            code="breaking_change",
            errors=breaking,
        )


def require_reason(reason: str) -> str:
    reason = reason.strip()
    if not 1 <= len(reason) <= LONGEST_REASON:
        message = f"Say why, in 1 to {LONGEST_REASON} characters: the history tells it."
        raise InvalidInput(message, errors=[Fault("reason", message)])
    return reason


def rollback_target(session: Session, deployment: Deployment, number: int | None) -> Revision:
    """The revision to go back to; None is the newest proven one before the one that serves, or would be started.

    Raises NotFound, or Conflict for one that failed without ever having been proven, or that serves already.
    """
    if number is None:
        serving = revision_to_run(session, deployment)
        earlier = select(Revision).where(Revision.deployment_id == deployment.id, Revision.number < serving.number)
        proven = earlier.where(Revision.proven_at.is_not(None)).order_by(Revision.number.desc())
        if (target := session.exec(proven).first()) is None:
            message = f"{deployment.name} has no proven revision before {serving.number} to go back to."
            raise Conflict(message, code="nothing_to_roll_back_to")
        return target
    target = find_revision(session, deployment, number)
    if target.number == deployment.live_revision:
        raise Conflict(f"Revision {number} of {deployment.name} is the one that serves.", code="already_live")
    if target.failed_at is not None and target.proven_at is None:
        because = f" ({target.error})" if target.error else ""
        raise Conflict(
            f"Revision {number} of {deployment.name} failed{because} and was never proven: there is nothing to go "
            "back to. Choose one that was proven, or redeploy its version.",
            code="revision_failed",
        )
    return target


def request_of(session: Session, revision: Revision, by: str, reason: str) -> DeploymentRequest:
    """The wish for what an earlier revision ran, as a new one."""
    snapshot = _snapshot(session, revision)
    why = f"Rollback to revision {revision.number}: {reason}"
    return DeploymentRequest(snapshot.version, snapshot.options, by, why)


def _snapshot(session: Session, revision: Revision) -> Snapshot:
    version = session.get_one(AgentVersion, revision.version_id)
    return Snapshot(revision.number, version, DeploymentOptions.model_validate(revision.options))
