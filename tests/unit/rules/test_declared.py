"""What is planned for what was declared, and that doing it leaves nothing to do."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexdeck.models.choices import Channel
from nexdeck.models.declared import DeclaredState
from nexdeck.models.options import DeploymentOptions
from nexdeck.services.rules.declared import Action, PlannedChange, Present, ResolvedDeployment, differences, plan

RUNNING, STOPPED = DeclaredState.RUNNING, DeclaredState.STOPPED
VARIABLES = st.sampled_from(["A", "B", "C"])


def wanted(name: str = "a", version: str = "1.0.0", state: DeclaredState = RUNNING, **options) -> ResolvedDeployment:
    return ResolvedDeployment(name, "local", "echo", version, DeploymentOptions(**options), state)


def present(name: str = "a", version: str = "1.0.0", state: DeclaredState = RUNNING, failed=False, **options):
    return Present(f"dep_{name}", name, "local", "echo", version, DeploymentOptions(**options), state, failed)


def actions(changes: list[PlannedChange]) -> list[str]:
    return [str(change.action) for change in changes]


@pytest.mark.parametrize(
    ("declared", "existing", "expected"),
    [
        (wanted(), None, ["create"]),
        (wanted(state=STOPPED), None, ["create", "stop"]),
        (wanted(), present(), ["none"]),
        (wanted(), present(failed=True), ["start"]),
        (wanted(), present(state=STOPPED), ["start"]),
        (wanted(state=STOPPED), present(), ["stop"]),
        (wanted(state=STOPPED), present(state=STOPPED), ["none"]),
        (wanted(version="2.0.0"), present(), ["redeploy"]),
        (wanted(version="2.0.0"), present(state=STOPPED), ["redeploy"]),
        (wanted(version="2.0.0", state=STOPPED), present(state=STOPPED), ["redeploy", "stop"]),
        (wanted(require_key=True), present(failed=True), ["redeploy"]),
    ],
)
def test_each_case(declared: ResolvedDeployment, existing: Present | None, expected: list[str]) -> None:
    assert actions(plan([declared], [existing] if existing else [])) == expected


def test_what_was_not_declared_is_left_unless_pruned() -> None:
    assert actions(plan([], [present("b"), present("a")])) == ["none", "none"]
    pruned = plan([], [present("b"), present("a")], prune=True)
    assert [(c.action, c.name) for c in pruned] == [(Action.UNDEPLOY, "a"), (Action.UNDEPLOY, "b")]


def test_the_same_name_on_another_gateway_is_another_deployment() -> None:
    elsewhere = replace(wanted(), gateway="eu-1")
    assert actions(plan([elsewhere], [present()])) == ["create", "none"]


def test_what_differs_is_told_without_the_values_of_variables() -> None:
    new = wanted(
        version="2.0.0",
        channels=["api"],
        require_key=True,
        environment={"A": "hidden"},
        secrets=["TOKEN"],
        limits={"timeout_seconds": 5, "max_concurrency": 2},
        sample_input={"text": "hidden"},
    )
    assert differences(new, present()) == [
        "version 1.0.0 → 2.0.0",
        "options.channels api, cli, mcp → api",
        "options.environment.A",
        "options.limits.max_concurrency none → 2",
        "options.limits.timeout_seconds 60.0 → 5.0",
        "options.require_key no → yes",
        "options.sample_input",
        "options.secrets none → TOKEN",
    ]


some_options = st.builds(
    DeploymentOptions,
    channels=st.lists(st.sampled_from(list(Channel)), min_size=1),
    require_key=st.booleans(),
    environment=st.dictionaries(VARIABLES, st.text()),
    sample_input=st.none() | st.dictionaries(st.text(), st.integers() | st.text()),
)
places = st.tuples(st.sampled_from(["local", "eu"]), st.sampled_from("abcd"))
versions, states = st.sampled_from(["1.0.0", "2.0.0"]), st.sampled_from(DeclaredState)
declared_ones = st.dictionaries(places, st.tuples(versions, some_options, states)).map(
    lambda found: [ResolvedDeployment(name, gateway, "echo", *rest) for (gateway, name), rest in found.items()]
)
existing_ones = st.dictionaries(places, st.tuples(versions, some_options, states, st.booleans())).map(
    lambda found: [Present(f"{g}-{n}", n, g, "echo", *rest) for (g, n), rest in found.items()]
)


@given(declared=declared_ones, existing=existing_ones, prune=st.booleans())
def test_after_a_plan_was_carried_out_there_is_nothing_to_do(declared, existing, prune) -> None:
    world = {(each.gateway, each.name): each for each in existing}
    for change in plan(declared, existing, prune=prune):
        carry_out(world, change)
    again = plan(declared, world.values(), prune=prune)
    assert set(actions(again)) <= {"none"}
    assert {(w.gateway, w.name) for w in declared} <= world.keys()
    if prune:
        assert {(w.gateway, w.name) for w in declared} == world.keys()
    else:
        assert world.keys() >= {(each.gateway, each.name) for each in existing}


def carry_out(world: dict[tuple[str, str], Present], change: PlannedChange) -> None:
    """What each action does to a deployment, as the service does it; it may be done only where it makes sense."""
    place, new = (change.gateway, change.name), change.wanted
    match change.action:
        case Action.CREATE:
            assert place not in world
            world[place] = Present("new", new.name, new.gateway, new.agent, new.version, new.options, RUNNING)
        case Action.REDEPLOY:
            world[place] = replace(world[place], version=new.version, options=new.options, state=RUNNING, failed=False)
        case Action.START:
            world[place] = replace(world[place], state=RUNNING, failed=False)
        case Action.STOP:
            assert world[place].state is RUNNING
            world[place] = replace(world[place], state=STOPPED)
        case Action.UNDEPLOY:
            del world[place]
