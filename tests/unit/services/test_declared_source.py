"""Declared deployments are read with positions, and what is written is read back as the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexdeck.models.declared import DeclaredDeployment
from nexdeck.models.options import DeploymentOptions
from nexdeck.services.declared.source import read_declared, written
from nexdeck.services.errors import SourceInvalid

LIST = "deployments:\n- name: a\n  agent: echo\n- name: b\n  agent: echo\n"


def faults(source: str) -> list[str]:
    with pytest.raises(SourceInvalid) as caught:
        read_declared(source)
    return [str(fault) for fault in caught.value.errors]


def test_a_list_and_documents_and_both() -> None:
    documents = "name: a\nagent: echo\n---\nname: b\nagent: echo\nstate: stopped\n"
    assert [each.spec.name for each in read_declared(LIST)] == ["a", "b"]
    assert [each.spec.state for each in read_declared(documents)] == ["running", "stopped"]
    both = read_declared(f"{LIST}---\nname: c\nagent: echo\ngateway: eu-1\n")
    assert [(each.spec.name, each.spec.gateway) for each in both] == [("a", "local"), ("b", "local"), ("c", "eu-1")]
    assert read_declared("deployments: []") == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (LIST.replace("b\n", "a\n"), "line 4, column 9: deployments.1.name: a on local is declared in line 2 already"),
        ("name: a\nagent: e\n---\nname: a\nagent: e", "line 4, column 7: name: a on local is declared in line 1"),
        ("name: a\nagent: e\ncolour: red", "line 3, column 1: colour: the key 'colour' is not known; use one of name"),
        ("name: a\nagent: e\noptions:\n  limits: {timout_seconds: 3}", "did you mean 'timeout_seconds'?"),
        ("name: a\nagent: e\noptions:\n  channels: [ap]", "line 4, column 14: options.channels.0: input should be"),
        (
            "name: a\nagent: e\nversion: 1.0",
            'line 3, column 10: version: must be text, not 1.0; put it in quotes: "1.0"',
        ),
        ("name: Not A Name\nagent: e", 'line 1, column 7: name: "Not A Name" is not a valid name'),
        ("name: a\nagent: e\nstate: paused", "line 3, column 8: state: input should be 'running' or 'stopped'"),
        (
            "name: a\nagent: e\noptions:\n  environment: {A: 5}",
            "line 4, column 20: options.environment.A: must be text",
        ),
        (
            "name: a\nagent: e\noptions:\n  secrets: [A]\n  environment: {A: hidden}",
            "line 4, column 3: options: A: named both as a variable and as a secret; keep one",
        ),
        ("agent: e", "line 1, column 1: name is missing"),
        ("# nothing", "line 1, column 1: nothing is declared"),
        ("name: a\nagent: e\n---\n- 1", "line 4, column 1: start with keys and values"),
        ("name: [", "line 1, column 8: "),
    ],
)
def test_faults_stand_at_their_place(source: str, expected: str) -> None:
    (fault,) = faults(source)
    assert expected in fault
    assert "hidden" not in fault


def test_faults_of_all_documents_are_told_at_once() -> None:
    assert len(faults("name: a\n---\nagent: e\n---\nname: 5\nagent: e\n")) == 3


text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
plain_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63) + 1, 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
options = st.fixed_dictionaries(
    {},
    optional={
        "channels": st.lists(st.sampled_from(["api", "cli", "mcp"]), min_size=1, unique=True),
        "require_key": st.booleans(),
        "environment": st.dictionaries(st.sampled_from(["A", "yes", "_1"]), text),
        "secrets": st.lists(st.sampled_from(["TOKEN", "null", "on"]), unique=True).filter(lambda s: s != ["yes"]),
        "inherit_environment": st.none() | st.lists(st.sampled_from(["PROXY", "null", "on"]), unique=True),
        "limits": st.fixed_dictionaries(
            {}, optional={"timeout_seconds": st.floats(1e-6, 3600), "max_request_kb": st.integers(1, 20480)}
        ),
        "record": st.fixed_dictionaries({}, optional={"inputs": st.booleans(), "outputs": st.booleans()}),
        "canary": st.none() | st.fixed_dictionaries({}, optional={"percent": st.integers(1, 50), "calls": st.none()}),
        "latency_limit_ms": st.none() | st.floats(1e-3, 3_600_000),
        "synthetic_check": st.booleans(),
        "sample_input": st.none() | st.dictionaries(text, plain_json, max_size=3),
    },
)
deployments = st.builds(
    lambda name, version, state, dedicated, options: DeclaredDeployment(
        name=name, agent="echo", version=version, state=state, dedicated=dedicated, options=options
    ),
    name=st.from_regex(r"[a-z][a-z0-9-]{0,62}", fullmatch=True),
    version=st.sampled_from(["1.0.0", "2.0.0-rc.1+b"]),
    state=st.sampled_from(["running", "stopped"]),
    dedicated=st.booleans(),
    options=options,
)


def test_every_option_is_among_those() -> None:
    tried = {"channels", "require_key", "environment", "secrets", "limits", "record", "canary", "latency_limit_ms"}
    tried |= {"synthetic_check", "sample_input", "inherit_environment"}
    assert set(DeploymentOptions.model_fields) == tried


@given(declared=st.lists(deployments, max_size=3, unique_by=lambda each: each.name))
def test_what_is_written_is_read_back_as_the_same(declared: list[DeclaredDeployment]) -> None:
    source = written(declared)
    assert [each.spec for each in read_declared(source)] == declared
    assert written(each.spec for each in read_declared(source)) == source
