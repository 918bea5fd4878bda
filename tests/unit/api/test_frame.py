"""The last net: what nobody foresaw becomes a 500 that leaks nothing, and is in the log under its request id."""

import logging

import httpx
import pytest

from nexdeck.app.api import build_api
from nexdeck.models.actor import Actor


class BrokenCatalog:
    async def get(self, agent: str, *, actor: Actor) -> None:
        raise ZeroDivisionError("the database's password is hunter2")


class BrokenStudio:
    agents = BrokenCatalog()


async def test_an_unforeseen_error_tells_its_id_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    transport = httpx.ASGITransport(build_api(BrokenStudio()))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        with caplog.at_level(logging.ERROR):
            answer = await client.get("/v1/agents/x", headers={"x-request-id": "the-id"})
    assert (answer.status_code, answer.headers["x-request-id"]) == (500, "the-id")
    assert answer.headers["content-type"] == "application/problem+json"
    assert "the-id" in answer.json()["detail"]
    assert "hunter2" not in answer.text and "ZeroDivision" not in answer.text
    assert "the-id" in caplog.text and "ZeroDivisionError" in caplog.text


async def test_the_document_is_whole() -> None:
    document = build_api(BrokenStudio()).openapi()  # type: ignore[arg-type]
    operations = {(method, path): o for path, item in document["paths"].items() for method, o in item.items()}
    assert len({operation["operationId"] for operation in operations.values()}) == len(operations)
    for (method, path), operation in operations.items():
        assert operation["responses"]["default"]["content"].keys() == {"application/problem+json"}, (method, path)
        assert operation["tags"], (method, path)
    references = {part.partition('"')[0] for part in str(document).replace("'", '"').split("#/components/schemas/")[1:]}
    assert references <= document["components"]["schemas"].keys()
