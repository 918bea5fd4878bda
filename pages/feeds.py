"""The news that pages can watch, by name."""

from dataclasses import dataclass

from nexdeck.models.deployment import HealthState
from nexdeck.pages.identity import me
from nexdeck.pages.live import AT_ONCE, SOON, Feed
from nexdeck.pages.overview_state import OverviewState, count_problems, read_overview
from nexdeck.services.deployments.views import DeploymentCounts, DeploymentSummary
from nexdeck.services.errors import NotFound
from nexdeck.services.gateways.rows import GatewaySummary
from nexdeck.services.health.incidents import IncidentQuery, IncidentSummary
from nexdeck.services.health.maintenance import Planned
from nexdeck.services.health.views import BoardRow
from nexdeck.services.platform.paging import Page
from nexdeck.services.studio import Studio

INCIDENTS_SHOWN = 8


@dataclass(frozen=True)
class DeploymentNews:
    """``changed``: id → how it is now, None when it is gone; ``counts``: of all deployments."""

    changed: dict[str, DeploymentSummary | None]
    counts: DeploymentCounts


@dataclass(frozen=True)
class HealthNews:
    """``rows``: of those gateways and deployments that changed; ``counts``: of all, by state; ``incidents``: the worst
    of those that are open; ``planned``: maintenance that is under way or to come."""

    rows: dict[str, BoardRow]
    counts: dict[HealthState, int]
    incidents: Page[IncidentSummary]
    planned: list[Planned]


@dataclass(frozen=True)
class Totals:
    """What the frame around every page tells; ``problems`` is how many things need attention."""

    deployments: int
    agents: int
    gateways: int
    problems: int


@dataclass(frozen=True)
class Feeds:
    deployments: Feed[DeploymentNews]
    gateways: Feed[list[GatewaySummary]]
    agents: Feed[set[str]]
    overview: Feed[OverviewState]
    health: Feed[HealthNews]
    incidents: Feed[set[str]]
    totals: Feed[Totals]
    calls: Feed[set[str]]
    notices: Feed[set[str]]

    @classmethod
    def of(cls, studio: Studio) -> "Feeds":
        changes = studio.changes
        everything = (changes.deployment, changes.gateway, changes.agent, changes.incident)
        return cls(
            deployments=Feed(
                [changes.deployment, changes.metrics], lambda changed: _deployment_news(studio, changed), AT_ONCE
            ),
            gateways=Feed(
                [changes.gateway, changes.deployment, changes.health], lambda _: studio.gateways.list(actor=me()), SOON
            ),
            agents=Feed([changes.agent], _as_they_are, AT_ONCE),
            overview=Feed([*everything, changes.metrics, changes.health], lambda _: read_overview(studio), SOON),
            health=Feed([changes.health, changes.incident], lambda changed: read_health(studio, changed), AT_ONCE),
            incidents=Feed([changes.incident], _as_they_are, AT_ONCE),
            totals=Feed(everything, lambda _: read_totals(studio), SOON),
            calls=Feed([changes.calls], _as_they_are, SOON),
            notices=Feed([changes.notice], _as_they_are, SOON),
        )


async def read_totals(studio: Studio) -> Totals:
    counts = await studio.deployments.counts(actor=me())
    gateways = await studio.gateways.list(actor=me())
    agents = await studio.agents.list(limit=1, actor=me())
    problems = await count_problems(studio, counts, gateways)
    return Totals(counts.total, agents.total, len(gateways), problems)


async def read_health(studio: Studio, changed: set[str]) -> HealthNews:
    """``changed``: ids of gateways, deployments and incidents."""
    incidents = await studio.incidents.list(IncidentQuery(open=True, limit=INCIDENTS_SHOWN), actor=me())
    rows, counts = await studio.health_views.rows(changed, actor=me()), await studio.health_views.counts(actor=me())
    return HealthNews(rows, counts, incidents, await studio.maintenance.to_come(actor=me()))


async def _deployment_news(studio: Studio, changed: set[str]) -> DeploymentNews:
    summaries = {id_: await _summary_or_none(studio, id_) for id_ in changed}
    return DeploymentNews(summaries, await studio.deployments.counts(actor=me()))


async def _summary_or_none(studio: Studio, deployment_id: str) -> DeploymentSummary | None:
    try:
        return await studio.deployments.summary(deployment_id, actor=me())
    except NotFound:
        return None


async def _as_they_are(changed: set[str]) -> set[str]:
    return changed
