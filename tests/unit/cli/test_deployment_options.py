"""One table of options: every consumer knows each of them, and the command line says them as it always did."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from nexdeck.app.cli import app, option_reference
from nexdeck.app.cli.deployment_options import changed
from nexdeck.models.manifest import Recording
from nexdeck.models.option_shape import Option, names_as_text, names_in
from nexdeck.models.option_table import BY_PATH, OPTIONS, label_of
from nexdeck.models.options import MODELS, DeploymentOptions, bounds_of
from nexdeck.pages.words import option_words
from nexdeck.services.rollout.diff import option_changes
from tests.every_option import EVERY_OPTION

DOCUMENT = Path(__file__).parents[3] / "docs" / "options.md"
CURRENT = DeploymentOptions().model_dump(mode="json")


def _option(flag: str) -> Option:
    return next(option for option in OPTIONS if option.flag == flag)


def test_the_table_and_the_model_have_the_same_options() -> None:
    paths = set()
    for name in DeploymentOptions.model_fields:
        inner = {f"{name}.{part}" for part in MODELS[name].model_fields} if name in MODELS else {name}
        paths |= inner - {"record.inputs", "record.outputs"}
    assert {*paths, "record"} == set(BY_PATH)
    assert set(BY_PATH["record"].parts) < set(Recording.model_fields)


@pytest.mark.parametrize("path", BY_PATH)
def test_every_option_is_tried_by_these_tests(path: str) -> None:
    assert EVERY_OPTION.at(path) != DeploymentOptions().at(path)


def test_a_comparison_names_every_option_that_differs_in_words() -> None:
    differing = {change.path for change in option_changes(DeploymentOptions(), EVERY_OPTION)}
    named = {path if path in BY_PATH else path.partition(".")[0] for path in differing}
    assert named == set(BY_PATH)
    assert all("_" not in option_words(path) or path.startswith("secrets") for path in differing)


@pytest.mark.parametrize("command", ["deploy", "redeploy"])
def test_each_command_has_each_flag(command: str) -> None:
    shown = CliRunner().invoke(app, [command, "--help"]).output
    assert [option.flag for option in OPTIONS if option.flag not in shown] == []


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.path)
def test_the_schema_of_the_rest_api_describes_each_in_the_same_words(option: Option) -> None:
    group, _, name = option.path.rpartition(".")
    field = (MODELS[group] if group else DeploymentOptions).model_json_schema()["properties"][name]
    assert (field["title"], field["description"]) == (option.label, option.about)


def test_what_the_command_line_refuses_is_what_the_model_refuses() -> None:
    bounds = {option.path: {"min": option.least, "max": option.most} for option in OPTIONS if option.most}
    assert bounds == {path: bounds_of(path) for path in bounds}


def test_the_document_is_up_to_date() -> None:
    assert DOCUMENT.read_text() == option_reference.reference(), (
        "write it anew: python -m nexdeck.app.cli.option_reference > docs/options.md"
    )


@pytest.mark.parametrize(
    ("flag", "value", "path", "wanted"),
    [
        ("--env", {"B": "2"}, "environment", {"A": "1", "B": "2"}),
        ("--secret", ["ONE", "TWO"], "secrets", ["ONE", "TWO"]),
        ("--redact", ["card"], "record", {"inputs": True, "outputs": False, "redact": ["card"], "days": 7}),
        ("--keep", {"inputs": False, "outputs": True}, "record", CURRENT["record"] | {"outputs": True}),
        ("--timeout", 5.0, "limits", CURRENT["limits"] | {"timeout_seconds": 5.0}),
        ("--max-request", None, "limits", CURRENT["limits"]),
        ("--max-request", 64, "limits", CURRENT["limits"] | {"max_request_kb": 64}),
        ("--canary-calls", 9, "canary", {"calls": 9}),
        ("--canary", 0, "canary", None),
        ("--latency-limit", None, "latency_limit_ms", None),
        ("--inherit-env", [], "inherit_environment", []),
    ],
)
def test_what_is_said_changes_what_there_is(flag: str, value: object, path: str, wanted: object) -> None:
    record = CURRENT["record"] | {"inputs": True}
    current = CURRENT | {"environment": {"A": "1"}, "secrets": ["ONE"], "record": record}
    assert changed(current, {_option(flag): value}) == current | {path: wanted}


@pytest.mark.parametrize(
    ("text", "names"), [("", None), ("all", None), ("none", []), ("A, B,", ["A", "B"]), (None, None)]
)
def test_names_by_comma_are_read_and_written(text: str | None, names: list[str] | None) -> None:
    assert names_in(text) == names
    assert names_in(names_as_text(names)) == names


def test_labels_are_told_apart() -> None:
    assert len({label_of(path) for path in BY_PATH}) == len(BY_PATH)


def test_what_was_stored_before_an_option_came_up_is_as_by_default_in_it() -> None:
    assert DeploymentOptions.model_validate({"limits": {"timeout_seconds": 60}}) == DeploymentOptions()
