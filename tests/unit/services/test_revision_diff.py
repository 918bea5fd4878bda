"""What is told of the way from one revision to another."""

from nexdeck.models.agent import AgentVersion
from nexdeck.models.options import DeploymentOptions
from nexdeck.services.rollout.diff import OptionChange, RevisionDiff, Snapshot, compare

SOURCE = "name: greeter\nmodel: small\ninstructions: greet\n"


def version(label: str, source: str = SOURCE, module: str = "agent = 1\n", **inputs: dict) -> AgentVersion:
    return AgentVersion(
        agent_id="agt_1",
        version=label,
        kind="declarative",
        filename="greeter.yaml",
        source=source,
        module=module,
        sha256="",
        input_schema={"type": "object", "properties": inputs, "additionalProperties": False},
        output_schema={"type": "object"},
        secrets=[],
        members=[],
        created_by="test",
    )


def diff(before: AgentVersion, after: AgentVersion, **options) -> RevisionDiff:
    chosen = {"environment": {"REGION": "eu", "OLD": "1"}, "secrets": ["TOKEN"]}
    old, new = DeploymentOptions(**chosen), DeploymentOptions(**(chosen | options))
    return compare(Snapshot(1, before, old), Snapshot(None, after, new))


def test_nothing_changed_is_nothing_told() -> None:
    same = diff(version("1.0.0"), version("1.0.0"))
    assert same.is_empty
    assert (same.contract, same.options, same.texts, same.breaking) == ([], [], [], [])


def test_options_are_told_one_by_one_and_secrets_by_their_names() -> None:
    limits = {"timeout_seconds": 9, "max_concurrency": 2}
    told = diff(
        version("1.0.0"),
        version("1.0.0"),
        environment={"REGION": "us"},
        secrets=["TOKEN", "OTHER"],
        limits=limits,
        channels=["api", "mcp"],
        sample_input={"a": "x"},
    )
    assert told.options == [
        OptionChange("channels", "api, cli, mcp", "api, mcp"),
        OptionChange("environment.OLD", "1", None),
        OptionChange("environment.REGION", "eu", "us"),
        OptionChange("limits.max_concurrency", None, "2"),
        OptionChange("limits.timeout_seconds", "60", "9"),
        OptionChange("sample_input.a", None, '"x"'),
        OptionChange("secrets.OTHER", None, "chosen"),
    ]
    assert [change.path for change in told.breaking] == ["channels.cli"]


def test_source_and_generated_module_are_told_line_by_line() -> None:
    newer = version("1.1.0", SOURCE.replace("small", "large") + "more: 1\n", "agent = 2\n")
    told = diff(version("1.0.0"), newer)
    assert [(text.name, text.added, text.removed) for text in told.texts] == [
        ("greeter.yaml", 2, 1),
        ("generated module", 1, 1),
    ]
    assert told.texts[0].lines == [
        *("--- 1.0.0", "+++ 1.1.0", "@@ -1,3 +1,4 @@", " name: greeter"),
        *("-model: small", "+model: large", " instructions: greet", "+more: 1"),
    ]


def test_a_source_that_is_its_own_module_is_told_once() -> None:
    told = diff(version("1.0.0", "a = 1\n", "a = 1\n"), version("1.1.0", "a = 2\n", "a = 2\n"))
    assert [text.name for text in told.texts] == ["greeter.yaml"]


def test_a_breaking_change_comes_first() -> None:
    before, after = version("1.0.0", a={"type": "string"}), version("2.0.0", b={"type": "string"})
    assert [(c.path, c.breaking) for c in diff(before, after).contract] == [("inputs.a", True), ("inputs.b", False)]
