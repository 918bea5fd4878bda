"""Rules of the pages that need no page."""

import re
from datetime import UTC, datetime
from html import unescape

import pytest

from nexdeck.models.deployment import Deployment, DeploymentStatus, DesiredState
from nexdeck.models.options import DeploymentOptions
from nexdeck.pages.components.agents.schema_table import type_words
from nexdeck.pages.components.deployments.lifecycle import LifecycleAction, possible
from nexdeck.pages.components.widgets.code_view import coloured
from nexdeck.pages.words import count_of, option_words, status_style
from nexdeck.services.deployments.views import DeploymentSummary
from nexdeck.services.rollout.diff import option_changes
from tests.unit.factories import deployment


def summary(row: Deployment) -> DeploymentSummary:
    return DeploymentSummary(row, "agent", "local", "python", None)


@pytest.mark.parametrize(
    ("status", "first"),
    [
        (DeploymentStatus.RUNNING, LifecycleAction.STOP),
        (DeploymentStatus.STOPPED, LifecycleAction.START),
        (DeploymentStatus.FAILED, LifecycleAction.START),
    ],
)
def test_the_likeliest_action_comes_first(status: DeploymentStatus, first: LifecycleAction) -> None:
    actions = possible(summary(deployment(status)))
    assert actions[0] is first
    assert actions[-1] is LifecycleAction.UNDEPLOY


def test_nothing_can_be_done_to_what_was_undeployed() -> None:
    row = deployment(DeploymentStatus.STOPPED)
    row.undeployed_at = datetime.now(UTC)
    assert possible(summary(row)) == []
    assert status_style(row, None).text == "Undeployed"


def test_a_stop_that_waits_for_its_gateway_is_told() -> None:
    row = deployment(DeploymentStatus.RUNNING, live_revision=1)
    row.desired_state = DesiredState.STOPPED
    assert status_style(row, None).text == "Stop pending"


def test_code_is_escaped_in_every_language() -> None:
    for suffix in ("py", "yaml", "json", "sh", "odd"):
        html = coloured('x = "<script>alert(1)</script>" # <img>', suffix)
        assert "<script" not in html
        assert "<img" not in html


def test_commands_keep_every_character_and_wrap_at_spaces_alone() -> None:
    code = "curl -H 'Content-Type: text/x-y' \\\n  http://host/a-b  | jq .\n"
    html = coloured(code, "sh")
    assert unescape(re.sub("<[^>]*>", "", html)) == code
    words = re.findall(r'<span class="word">(.*?)(?:</span>)+(?=\s|$)', html)
    assert [unescape(re.sub("<[^>]*>", "", word)) for word in words] == code.split()


def test_types_in_words() -> None:
    assert type_words({"type": "array", "items": {"type": "string"}}) == "list of string"
    assert type_words({"enum": ["a", 1]}) == '"a" | 1'
    assert type_words({"anyOf": [{"type": "integer"}, {"type": "null"}]}) == "integer or null"
    assert type_words({}) == "anything"


def test_options_in_words() -> None:
    paths = (
        "limits.max_concurrency",
        "environment.LEVEL",
        "secrets.KEY",
        "sample_input.text",
        "channels.mcp",
        "channels",
    )
    words = ("calls at once", "variable LEVEL", "secret KEY", "sample input text", "channel mcp", "channels")
    assert tuple(map(option_words, paths)) == words


def test_every_option_has_words_of_its_own() -> None:
    everything = DeploymentOptions(
        require_key=True,
        limits={"timeout_seconds": 1, "max_concurrency": 1, "rate_limit_per_minute": 1},
        record={"inputs": True, "redact": ["name"], "days": 1},
        canary={"calls": 1},
        latency_limit_ms=1,
        synthetic_check=True,
    )
    paths = {change.path for change in option_changes(DeploymentOptions(), everything)}
    assert len(paths) == 12
    assert {path for path in paths if option_words(path) == path} == set()
    assert len(set(map(option_words, paths))) == len(paths)


def test_counts_in_words() -> None:
    assert [count_of(n, "gateway") for n in (0, 1, 2)] == ["no gateways", "1 gateway", "2 gateways"]
