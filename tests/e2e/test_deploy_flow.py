"""From the first click to three live channels and back, as a new user would go."""

import asyncio
import json
import re
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from playwright.sync_api import Page, expect

from tests.programs import Studio

DONE = 30_000  # milliseconds in which a deployment must have been proven, the specification's own figure


def deploy(page: Page, name: str) -> None:
    page.goto("/agents/text-statistics")
    page.get_by_role("button", name="Deploy", exact=True).first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Name", exact=True).fill(name)
    dialog.get_by_role("button", name="Deploy", exact=True).click()
    page.wait_for_url(re.compile(r"/deployments/dep_"))


async def call_by_mcp(url: str, tool: str, arguments: dict) -> dict:
    async with (
        httpx.AsyncClient(trust_env=False, timeout=30) as http,
        streamable_http_client(url, http_client=http) as (read, write, _),
        ClientSession(read, write) as session,
    ):
        await session.initialize()
        assert [t.name for t in (await session.list_tools()).tools] == [tool]
        return (await session.call_tool(tool, arguments)).structuredContent


def test_two_clicks_deploy_and_every_channel_answers(page: Page, studio: Studio) -> None:
    page.goto("/deployments")
    page.get_by_role("button", name="Deploy agent").first.click()
    page.get_by_role("button", name="Deploy", exact=True).click()
    page.wait_for_url(re.compile(r"/deployments/dep_"))
    expect(page.get_by_text("Running", exact=True).first).to_be_visible(timeout=DONE)
    row = studio.http.get(f"/api/v1/deployments/{page.url.rsplit('/', 1)[1].split('?')[0]}").json()

    answer = httpx.post(row["api_endpoint"], json={"inputs": row["sample"]}, trust_env=False)
    by_api = answer.json()["outputs"]["agent"]["result"]
    command = studio.cli("run", row["name"], "--input", json.dumps(row["sample"]), "--json")
    assert command.returncode == 0, command.stderr
    assert json.loads(command.stdout) == by_api
    with ThreadPoolExecutor() as thread:  # this one's event loop belongs to Playwright
        by_mcp = thread.submit(asyncio.run, call_by_mcp(row["mcp_endpoint"], row["name"], row["sample"])).result()
    assert by_mcp == by_api


def test_stop_start_and_undeploy_say_what_they_will_do(page: Page, studio: Studio) -> None:
    deploy(page, "lifecycle")
    expect(page.get_by_text("Running", exact=True).first).to_be_visible(timeout=DONE)
    page.get_by_role("button", name="Stop", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("lifecycle")
    dialog.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Stopped", exact=True).first).to_be_visible(timeout=DONE)
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_text("Running", exact=True).first).to_be_visible(timeout=DONE)
    row = studio.http.get("/api/v1/deployments/lifecycle").json()
    page.get_by_role("button", name="Undeploy").click()
    page.get_by_role("dialog").get_by_role("button", name="Undeploy").click()
    for _ in range(300):
        if studio.http.get("/api/v1/deployments/lifecycle").status_code == 404:
            break
        page.wait_for_timeout(100)
    assert studio.http.get("/api/v1/deployments/lifecycle").status_code == 404
    assert httpx.post(row["api_endpoint"], json={"inputs": row["sample"]}, trust_env=False).status_code == 404


def test_a_failing_deployment_shows_the_step_and_the_cause(page: Page, studio: Studio) -> None:
    source = 'SAMPLE = {}\n\n\ndef sour() -> dict:\n    raise ValueError("<b>no milk today</b>")\n'
    studio.http.post("/api/v1/agents", json={"filename": "sour.py", "source": source}).raise_for_status()
    answer = studio.http.post("/api/v1/deployments", params={"wait": 30}, json={"agent": "sour"})
    page.goto(f"/deployments/{answer.json()['deployment']['id']}")
    expect(page.get_by_text("Failed", exact=True).first).to_be_visible()
    expect(page.get_by_text("<b>no milk today</b>").first).to_be_visible()


def test_the_list_is_live_and_its_filters_are_in_the_address(page: Page, studio: Studio) -> None:
    deploy(page, "watched")
    expect(page.get_by_text("Running", exact=True).first).to_be_visible(timeout=DONE)
    page.goto("/deployments?q=watched")
    row = page.locator(".item", has_text="watched")
    expect(row.get_by_text("Running")).to_be_visible()
    studio.http.post("/api/v1/deployments/watched/stop", params={"wait": 30})
    expect(row.get_by_text("Stopped")).to_be_visible()  # without a reload
    page.goto("/deployments?q=no-such-thing")
    expect(row).to_have_count(0)
    page.go_back()
    expect(row).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_no_page_is_wider_than_its_window(page: Page, theme: str, width: int) -> None:
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": width, "height": 844})
    for path in ("/", "/deployments", "/agents", "/agents/text-statistics", "/gateways", "/health", "/settings"):
        page.goto(path)
        expect(page.locator("main.frame-main")).to_be_visible()
        page.wait_for_timeout(300)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
