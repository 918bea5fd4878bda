"""Sees a canary through: a redeploy's new revision answers a share of the calls until its figures have spoken."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from nexdeck.models.actor import Actor
from nexdeck.models.base import now
from nexdeck.models.deployment import Deployment, Operation, Revision
from nexdeck.models.options import CanaryPlan, DeploymentOptions
from nexdeck.services.deployments.journal import CANARY, OperationDetail, active_operation, read_operation
from nexdeck.services.deployments.views import find_deployment
from nexdeck.services.errors import CanaryAborted, Conflict
from nexdeck.services.metrics.service import MetricsService, Scope
from nexdeck.services.platform.database import Database
from nexdeck.services.rollout.revisions import find_revision
from nexdeck.services.rules.canary import CanaryVerdict, Figures, judge

POLL_SECONDS = 1.0


@dataclass(frozen=True)
class CanaryProgress:
    """How a canary does beside the live revision; both counted since the minute of ``began_at``."""

    plan: CanaryPlan
    began_at: datetime
    revision: int
    live_revision: int
    canary: Figures
    live: Figures
    promoted_by: str | None

    @property
    def ends_at(self) -> datetime:
        """At the latest."""
        return self.began_at + timedelta(minutes=self.plan.minutes)

    @property
    def is_over(self) -> bool:
        enough = self.plan.calls is not None and self.canary.calls >= self.plan.calls
        return enough or now() >= self.ends_at

    def __str__(self) -> str:
        return f"Revision {self.revision}: {self.canary}. Revision {self.live_revision}: {self.live}."


class Canaries:
    def __init__(self, database: Database, metrics: MetricsService) -> None:
        self._database = database
        self._metrics = metrics

    async def see_through(
        self, operation: Operation, give_share: Callable[[], Awaitable[None]], remark: Callable[[str], Awaitable[None]]
    ) -> str:
        """Returns in words why the canary may have all callers. Raises CanaryAborted, or what ``give_share`` does.

        ``give_share`` is called each second: a gateway that was restarted has forgotten the canary. ``remark`` is told
        how it does.
        """
        while True:
            await give_share()
            progress = await self._progress(operation.id)
            if progress.promoted_by is not None:
                return f"Promoted by {progress.promoted_by}. {progress}"
            verdict, why = judge(progress.canary, progress.live, is_over=progress.is_over)
            if verdict is CanaryVerdict.PROMOTE:
                return f"Promoted: {why}. {progress}"
            if verdict is CanaryVerdict.ABORT:
                raise CanaryAborted(f"The canary was aborted: {why}. {progress}")
            await remark(f"{progress.plan.percent}% of the calls. {progress}")
            await asyncio.sleep(POLL_SECONDS)

    async def progress(self, deployment: str, *, actor: Actor) -> CanaryProgress:
        """Of the canary under way. Raises Conflict when there is none, NotFound for an unknown deployment."""
        return await self._progress((await self._database.read(lambda s: canary_under_way(s, deployment))).operation.id)

    async def _progress(self, operation_id: str) -> CanaryProgress:
        def query(session: Session) -> tuple[OperationDetail, Deployment, Revision]:
            detail = read_operation(session, operation_id)
            deployment = session.get_one(Deployment, detail.operation.deployment_id)
            return detail, deployment, find_revision(session, deployment, detail.operation.revision)

        detail, deployment, revision = await self._database.read(query)
        began_at = next(step.started_at for step in detail.steps if step.name == CANARY)
        return CanaryProgress(
            plan=DeploymentOptions.model_validate(revision.options).canary,
            began_at=began_at,
            revision=revision.number,
            live_revision=deployment.live_revision,
            canary=await self._figures(deployment.id, revision.number, began_at),
            live=await self._figures(deployment.id, deployment.live_revision, began_at),
            promoted_by=detail.operation.promoted_by,
        )

    async def _figures(self, deployment_id: str, revision: int, since: datetime) -> Figures:
        total = await self._metrics.total(
            Scope(deployment=deployment_id, revision=revision), since, actor=Actor.system()
        )
        return Figures(total.amounts.requests, total.amounts.failures, total.p95_ms)


def canary_under_way(session: Session, deployment: str) -> OperationDetail:
    """Raises Conflict when none is, NotFound for an unknown deployment."""
    row = find_deployment(session, deployment)
    operation = active_operation(session, row.id)
    detail = operation and read_operation(session, operation.id)
    if detail is None or not detail.is_at(CANARY):
        raise Conflict(f"No canary of {row.name} is under way.", code="no_canary")
    return detail
