"""Jobs go on when the clock is set back, which by itself would put them off."""

import asyncio
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from nexdeck.app.scheduler import keep_time


async def test_a_clock_that_is_set_runs_every_job_at_once() -> None:
    wrong_by = 0.0
    ran = asyncio.Event()

    async def job() -> None:
        ran.set()

    scheduler = AsyncIOScheduler(timezone="UTC")
    scheduler.add_job(job, "interval", hours=1, next_run_time=datetime.now(UTC) + timedelta(hours=1))
    scheduler.start()
    timekeeper = asyncio.create_task(keep_time(scheduler, lambda: datetime.now(UTC).timestamp() + wrong_by))
    await asyncio.sleep(0)
    wrong_by = -3600.0
    async with asyncio.timeout(30):
        await ran.wait()
    timekeeper.cancel()
    scheduler.shutdown(wait=False)
