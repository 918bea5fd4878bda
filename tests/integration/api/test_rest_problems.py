"""Whatever is sent, the answer is a problem document that says what to do, and never a 5xx."""

import json
import socket
from urllib.parse import urlsplit

import httpx
import pytest


def assert_problem(answer: httpx.Response, status: int, code: str | None = None) -> dict:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["title"] and problem["detail"]
    assert problem["request_id"] == answer.headers["x-request-id"]
    if code:
        assert problem["code"] == code
    return problem


def send(rest: httpx.Client, content: bytes, path: str = "/deployments") -> httpx.Response:
    return rest.post(path, content=content, headers={"content-type": "application/json"})


def test_unknown_addresses_and_methods(rest: httpx.Client) -> None:
    assert_problem(rest.get("/nothing"), 404, "unknown_route")
    assert_problem(rest.get("/agents/"), 404, "unknown_route")
    refused = rest.put("/agents")
    assert_problem(refused, 405, "method_not_allowed")
    assert refused.headers["allow"] == "GET, POST"
    assert rest.patch("/deployments/x").headers["allow"] == "DELETE, GET"
    assert rest.put("/gateways/test").headers["allow"] == "POST"


@pytest.mark.parametrize("path", ["/agents/nobody", "/gateways/nobody", "/deployments/nobody", "/operations/nobody"])
def test_what_is_not_there(rest: httpx.Client, path: str) -> None:
    assert "nobody" in assert_problem(rest.get(path), 404)["detail"]


@pytest.mark.parametrize("path", ["/deployments", "/agents", "/agents/preview", "/gateways"])
@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"{", 400),
        (b'{"agent": "x"\n,}', 400),
        (b"\xff\xfe{}", 400),
        (b"[" * 100_000, 400),
        (b'{"agent": ' + b"9" * 5000 + b"}", 400),
        (b"[]", 422),
        (b"null", 422),
        (b'"text"', 422),
        (b"{}", 422),
        (b'{"a": ' * 90 + b"1" + b"}" * 90, 422),
        (b'{"agent": NaN}', 422),
        (b'{"agent": 1e999}', 422),
        (b'{"agent": 123456789012345678901234567890}', 422),
        (b'{"agent": "\\u0000", "name": "\\u0000", "filename": "\\u0000.py", "source": "\\u0000"}', 422),
        (b'{"agent": "\\ud800", "name": "\\ud800", "filename": "\\ud800.py", "source": "\\ud800"}', 422),
        (b'{"\\ud800": 1, "\\u0000": 2}', 422),
    ],
)
def test_hostile_bodies(rest: httpx.Client, path: str, content: bytes, status: int) -> None:
    assert_problem(send(rest, content, path), status)


@pytest.mark.parametrize("path", ["/deployments", "/agents", "/gateways"])
def test_empty_bodies(rest: httpx.Client, path: str) -> None:
    answer = send(rest, b"", path)
    assert_problem(answer, answer.status_code)
    assert answer.status_code in (400, 422)


def test_malformed_json_is_told_with_its_place(rest: httpx.Client) -> None:
    problem = assert_problem(send(rest, b'{"agent": "x"\n,}'), 400, "malformed_json")
    assert (problem["errors"][0]["line"], problem["errors"][0]["column"]) == (2, 2)


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "", "garbage"])
def test_other_media_types(rest: httpx.Client, content_type: str) -> None:
    headers = {"content-type": content_type}
    assert_problem(rest.post("/deployments", content=b'{"agent": "x"}', headers=headers), 415)
    assert_problem(rest.post("/agents", content=b'{"filename": "x.py"}', headers=headers), 415)


@pytest.mark.parametrize("path", ["/deployments", "/agents", "/agents/preview"])
def test_bodies_over_the_limit(rest: httpx.Client, path: str) -> None:
    body = {"filename": "big.yaml", "source": "x" * 10_000_000}
    announced = rest.post(path, json=body)
    assert "2,000,000" in assert_problem(announced, 413, "body_too_large")["detail"]
    chunks = (b"x" * 100_000 for _ in range(30))
    assert_problem(rest.post(path, content=chunks, headers={"content-type": "application/json"}), 413)


def test_values_are_refused_by_path(rest: httpx.Client) -> None:
    options = {
        "channels": ["api", "fax"],
        "limits": {"timeout_seconds": -1, "max_concurrency": 10**18},
        "environment": {"A": 1},
        "surprise": True,
    }
    problem = assert_problem(rest.post("/deployments", json={"agent": "x", "options": options}), 422, "invalid_input")
    paths = {error["path"] for error in problem["errors"]}
    assert {
        "options.channels.1",
        "options.limits.timeout_seconds",
        "options.environment.A",
        "options.surprise",
    } <= paths


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "limit=x",
        "limit=" + "9" * 400,
        "cursor=-1",
        "cursor=%00",
        "cursor=" + "9" * 10,
        "q=%00",
        "q=%0a",
        "q=" + "a" * 201,
        "status=bogus",
        "health=%ff",
        "sort=bogus",
        "sort=%00",
        "gateway=%00",
    ],
)
def test_hostile_queries(rest: httpx.Client, query: str) -> None:
    assert_problem(rest.get(f"/deployments?{query}"), 422, "invalid_input")


@pytest.mark.parametrize("q", ["%", "_", "'", '"', "\\", "'; DROP TABLE agent; --", "%25", "ﬀ", "𝒳", "\u202e"])
def test_searches_for_odd_texts_find_nothing_and_break_nothing(rest: httpx.Client, q: str) -> None:
    for path in ("/agents", "/deployments"):
        answer = rest.get(path, params={"q": f"no such name {q}"})
        assert (answer.status_code, answer.json()["items"]) == (200, [])


@pytest.mark.parametrize("name", ["%ff", "%2e%2e%2fagents", "a" * 200, "%E2%80%AE", "a%20b", "%3Cscript%3E"])
def test_odd_paths(rest: httpx.Client, name: str) -> None:
    for path in ("/agents", "/gateways", "/deployments", "/operations"):
        answer = rest.get(f"{path}/{name}")
        assert_problem(answer, answer.status_code)
        assert answer.status_code in (404, 422)


@pytest.mark.parametrize("name", ["%00", "%0d%0aX-Evil:%201", "%1b[31m", "%C2%85"])
def test_paths_with_control_characters(rest: httpx.Client, name: str) -> None:
    answer = rest.get(f"/agents/{name}")
    assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")
    assert "x-evil" not in answer.headers


def test_a_callers_request_id_is_kept_when_it_is_one(rest: httpx.Client) -> None:
    assert rest.get("/agents", headers={"x-request-id": "abc-123"}).headers["x-request-id"] == "abc-123"
    for odd in ("a b", "x" * 65, "<script>"):
        assert rest.get("/agents", headers={"x-request-id": odd}).headers["x-request-id"] != odd


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:3000"},
        {"origin": "http://evil.example"},
    ],
)
def test_foreign_pages_are_kept_out_of_everything(rest: httpx.Client, studio, headers: dict[str, str]) -> None:
    for path in ("/api/v1/agents", "/api/openapi.json", "/", "/socket.io/?EIO=4&transport=polling", "/healthz"):
        answer = rest.get(f"{studio.url}{path}", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "foreign_request")


def test_a_foreign_page_gets_no_websocket(studio) -> None:
    address = urlsplit(studio.url)
    request = (
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"
        f"Host: {address.netloc}\r\nOrigin: http://evil.example\r\n"
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(request.encode())
        assert connection.recv(1000).startswith(b"HTTP/1.1 403")


def test_secrets_go_in_and_never_come_out(rest: httpx.Client, studio) -> None:
    value = "s3cr3t-rest-value"
    assert rest.put("/secrets/REST_SECRET", json={"value": value}).status_code == 204
    listed = rest.get("/secrets")
    assert "REST_SECRET" in [item["name"] for item in listed.json()["items"]]
    assert value not in listed.text
    assert_problem(rest.get("/secrets/REST_SECRET"), 405)
    assert rest.delete("/secrets/REST_SECRET").status_code == 204
    assert_problem(rest.delete("/secrets/REST_SECRET"), 404)
    refused = rest.put("/secrets/REST_SECRET", json={"value": value, "more": 1})
    assert_problem(refused, 422)
    assert value not in refused.text
    assert value not in studio.log.read_text()
    stored = b"".join(path.read_bytes() for path in studio.data_dir.rglob("*") if path.is_file())
    assert value.encode() not in stored


def test_docs_and_openapi_need_no_other_host(rest: httpx.Client, studio) -> None:
    page = rest.get(f"{studio.url}/api/docs")
    assert page.status_code == 200
    assert "//" not in page.text.replace("<!doctype html>", "")
    for file in ("swagger-ui/swagger-ui-bundle.js", "swagger-ui/swagger-ui.css", "docs.css", "docs.js"):
        answer = rest.get(f"{studio.url}/api/static/{file}")
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    document = rest.get(f"{studio.url}/api/openapi.json").json()
    assert document["servers"] == [{"url": "/api"}]
    assert all("default" in o["responses"] for item in document["paths"].values() for o in item.values())
    assert json.dumps(document).count("HTTPValidationError") == 0
