"""Who a request counts as: the command line is told from other clients by what it calls itself."""

import httpx
import pytest

from nexdeck.app.api import build_api
from nexdeck.models.actor import CLI_AGENT, Actor, Through


class ListeningCatalog:
    def __init__(self) -> None:
        self.heard: list[Actor] = []

    async def get(self, agent: str, *, actor: Actor) -> None:
        self.heard.append(actor)
        raise ZeroDivisionError


class ListeningStudio:
    def __init__(self) -> None:
        self.agents = ListeningCatalog()


@pytest.mark.parametrize(
    ("agent", "through"),
    [(CLI_AGENT, Through.CLI), ("curl/8.0", Through.REST), ("nexdeck-clinic", Through.REST), ("", Through.REST)],
)
async def test_a_request_says_through_what_it_came_and_from_where(agent: str, through: Through) -> None:
    studio = ListeningStudio()
    transport = httpx.ASGITransport(build_api(studio), client=("127.0.0.9", 1))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        await client.get("/v1/agents/x", headers={"User-Agent": agent})
    assert studio.agents.heard == [Actor("local", through, "127.0.0.9")]
