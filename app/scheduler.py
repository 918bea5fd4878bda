"""The table of jobs: what runs how often. No logic lives here."""

from datetime import UTC, datetime

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from app.settings import Settings
from services.studio import Studio

JITTER = 0.15  # of the interval, to either side, so that many control planes do not look in step


def schedule(studio: Studio, settings: Settings) -> AsyncIOScheduler:
    """A scheduler with every job, not started. A job that is still running when its turn comes is left out."""
    scheduler = AsyncIOScheduler(timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1})
    jobs = (
        (studio.reconciler.sweep, settings.sweep_seconds),
        (studio.reconciler.retry_due, 1.0),
        (studio.health.lapse, settings.sweep_seconds),
        (studio.logs.collect_all, 1.0),
        (studio.logs.prune, 60.0),
        (studio.calls.collect_all, 1.0),
        (studio.calls.prune, 60.0),
        (studio.health_retention.prune, 300.0),
    )
    for job, seconds in jobs:
        scheduler.add_job(
            job,
            "interval",
            seconds=seconds,
            jitter=seconds * JITTER,
            id=job.__qualname__,
            next_run_time=datetime.now(UTC),
        )
    return scheduler
