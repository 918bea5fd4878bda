"""Agents and their versions over REST."""

import hashlib

import httpx
import pytest

SOURCE = '__version__ = "{version}"\n\n\ndef agent(text: str) -> str:\n    """Say it."""\n    return text{more}\n'


def source(version: str = "1.0.0", more: str = "") -> str:
    return SOURCE.format(version=version, more=more)


@pytest.fixture
def agent(rest: httpx.Client):
    answer = rest.post("/agents", json={"filename": "rest_catalog.py", "source": source()})
    assert answer.status_code == 201, answer.text
    yield answer.json()
    rest.delete(f"/agents/{answer.json()['agent']['id']}")


def test_an_agent_is_made_with_its_first_version(rest: httpx.Client, agent: dict) -> None:
    name = agent["agent"]["name"]
    assert (agent["version"]["version"], agent["version"]["kind"]) == ("1.0.0", "python")
    by_name, by_id = rest.get(f"/agents/{name}"), rest.get(f"/agents/{agent['agent']['id']}")
    assert by_name.json() == by_id.json()
    assert by_name.json()["versions"] == [agent["version"]]
    assert agent["version"]["created_at"].endswith("Z")


def test_the_same_agent_twice_is_a_conflict(rest: httpx.Client, agent: dict) -> None:
    answer = rest.post("/agents", json={"filename": "rest_catalog.py", "source": source()})
    assert (answer.status_code, answer.json()["code"]) == (409, "agent_exists")


def test_versions_are_added_once_and_never_change(rest: httpx.Client, agent: dict) -> None:
    versions = f"/agents/{agent['agent']['name']}/versions"
    upload = {"filename": "rest_catalog.py", "source": source("1.10.0")}
    first = rest.post(versions, json=upload)
    again = rest.post(versions, json=upload)
    changed = rest.post(versions, json=upload | {"source": source("1.10.0", " + '!'")})
    assert (first.status_code, again.status_code, changed.status_code) == (201, 201, 409)
    assert again.json()["version"]["id"] == first.json()["version"]["id"]
    assert first.headers["Location"] == f"/api/v1{versions}/1.10.0"
    assert [v["version"] for v in rest.get(versions).json()["items"]] == ["1.10.0", "1.0.0"]


def test_the_module_is_given_byte_for_byte(rest: httpx.Client, agent: dict) -> None:
    path = f"/agents/{agent['agent']['name']}/versions/1.0.0"
    answer = rest.get(f"{path}/module")
    assert answer.content == source().encode()
    assert answer.headers["content-type"].startswith("text/x-python")
    assert answer.headers["x-content-sha256"] == hashlib.sha256(answer.content).hexdigest()
    assert 'filename="rest-catalog-1.0.0.py"' in answer.headers["content-disposition"]
    detail = rest.get(path).json()
    assert (detail["module"], detail["source"]) == (source(), source())


def test_a_file_can_be_uploaded_from_a_form(rest: httpx.Client) -> None:
    answer = rest.post("/agents", files={"file": ("rest_form.py", source().encode(), "text/x-python")})
    assert answer.status_code == 201, answer.text
    assert rest.delete(f"/agents/{answer.json()['agent']['name']}").status_code == 204
    assert rest.get(f"/agents/{answer.json()['agent']['name']}").status_code == 404


def test_a_preview_stores_nothing(rest: httpx.Client) -> None:
    answer = rest.post("/agents/preview", json={"filename": "rest_preview.py", "source": source()})
    assert answer.status_code == 200
    assert answer.json()["module"] == source()
    assert rest.get("/agents", params={"q": "rest-preview"}).json()["total"] == 0


def test_a_syntax_error_is_told_with_its_place(rest: httpx.Client) -> None:
    answer = rest.post("/agents", json={"filename": "rest_broken.py", "source": "x = 1\ndef agent(:\n    pass\n"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_source")
    assert answer.json()["errors"][0]["line"] == 2
    assert answer.json()["errors"][0]["column"] > 1


@pytest.mark.parametrize(
    "files",
    [
        {"other": ("a.py", b"x")},
        {"file": ("a.py", b"\xff\xfe")},
        {"file": ("", b"x")},
        {"file": ("../../etc/passwd", b"x")},
        {"file": ("a\r\nb.py", b"x")},
        {"file": ("a.py", b"x\0")},
        {"file": ("a.exe", b"x")},
    ],
)
def test_odd_files_are_refused(rest: httpx.Client, files: dict) -> None:
    answer = rest.post("/agents", files=files)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_lists_are_paged_and_searched(rest: httpx.Client) -> None:
    names = [f"rest-page-{i}" for i in range(3)]
    for name in names:
        rest.post("/agents", json={"filename": f"{name}.py", "source": source()}).raise_for_status()
    first = rest.get("/agents", params={"q": "rest-page", "limit": 2}).json()
    second = rest.get("/agents", params={"q": "rest-page", "limit": 2, "cursor": first["next_cursor"]}).json()
    assert [a["name"] for a in first["items"] + second["items"]] == names
    assert (first["total"], second["next_cursor"]) == (3, None)
    assert rest.get("/agents", params={"q": "rest-page", "kind": "declarative"}).json()["items"] == []
    for name in names:
        assert rest.delete(f"/agents/{name}").status_code == 204
