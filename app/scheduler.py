"""The table of jobs: what runs how often. No logic of theirs lives here."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import wraps

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from nexdeck.app.settings import Settings
from nexdeck.services.errors import StudioError
from nexdeck.services.studio import Studio

logger = logging.getLogger(__name__)
JITTER = 0.15  # of the interval, to either side, so that many control planes do not look in step
JUMP_SECONDS = 2.0  # what a clock may gain or lose in a second before it counts as having jumped

Job = Callable[[], Awaitable[object]]


def schedule(studio: Studio, settings: Settings) -> AsyncIOScheduler:
    """A scheduler with every job, not started. A job that is still running when its turn comes is left out."""
    defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}  # late is better than not at all
    scheduler = AsyncIOScheduler(timezone="UTC", job_defaults=defaults)
    jobs = (
        (studio.reconciler.sweep, settings.sweep_seconds),
        (studio.reconciler.retry_due, 1.0),
        (studio.sample_calls.call_due, settings.sweep_seconds),
        (studio.health.lapse, settings.sweep_seconds),
        (studio.executor.take_over, 2.0),
        (studio.local_gateways.tidy, 2.0),
        (studio.history.prune, 300.0),
        (studio.logs.collect_all, 1.0),
        (studio.logs.prune, 60.0),
        (studio.calls.collect_all, 1.0),
        (studio.calls.prune, 60.0),
        (studio.metrics.collect_all, 1.0),
        (studio.metrics.merge_upward, 60.0),
        (studio.metrics.prune, 600.0),
        (studio.health_retention.prune, 300.0),
        (studio.outbox.work, 1.0),
        (studio.outbox.prune, 600.0),
    )
    for job, seconds in jobs:
        scheduler.add_job(
            _until_next_time(job),
            "interval",
            seconds=seconds,
            jitter=seconds * JITTER,
            id=job.__qualname__,
            next_run_time=datetime.now(UTC),
        )
    return scheduler


async def keep_time(scheduler: AsyncIOScheduler, clock: Callable[[], float] = time.time) -> None:
    """Until cancelled: run every job anew when the clock was set.

    The scheduler plans by the time of day. Set back by an hour, it would do nothing for an hour.
    """
    offset = clock() - time.monotonic()
    while True:
        await asyncio.sleep(1.0)
        jump = clock() - time.monotonic() - offset
        offset += jump
        if abs(jump) > JUMP_SECONDS:
            logger.warning("the clock jumped by %+.0f s; every job runs now", jump)
            for job in scheduler.get_jobs():
                job.modify(next_run_time=datetime.now(UTC))


def _until_next_time(job: Job) -> Job:
    """What a job cannot do now it does when its turn comes again; one line tells of it, not a traceback."""

    @wraps(job)
    async def run() -> None:
        try:
            await job()
        except StudioError as error:
            logger.warning("%s: %s", job.__qualname__, error.message)

    return run
