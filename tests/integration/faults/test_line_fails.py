"""A line to the gateway that fails at each step, in each way: what became of a request is read back, never guessed."""

import pytest

from tests.integration.faults.proxy import Fault
from tests.integration.faults.site import Site

STEPS = ("register", "prove API", "prove MCP", "switch", "remove")
PLACES = [(step, fault) for step in STEPS for fault in Fault]
DONE_ALREADY = (Fault.LATE, Fault.CUT, Fault.RUBBISH)


def name_of(step: str, fault: Fault) -> str:
    return f"{step.lower().replace(' ', '-')}-{fault.name.lower()}"


def kind_of(step: str) -> str:
    return "stop" if step == "remove" else "redeploy"


def test_every_failure_of_the_line_at_every_step_ends_well_once_it_is_over(place: Site) -> None:
    apis = place.deploy_all([name_of(*which) for which in PLACES if which[0] != "prove MCP"])
    rows = apis | place.deploy_all([name_of("prove MCP", fault) for fault in Fault], ["api", "mcp"])
    before = {name: place.proxy.count("switch", row) for name, row in rows.items()}
    troubles = {name_of(*which): place.proxy.put(*which, rows[name_of(*which)]) for which in PLACES}
    operations = {name_of(*which): place.begin(kind_of(which[0]), rows[name_of(*which)]) for which in PLACES}
    missed = [name for name, trouble in troubles.items() if not trouble.met.wait(60)]
    assert missed == []
    for step, fault in PLACES:  # while the fault lasts, callers notice nothing
        if step != "remove":
            assert place.serves(rows[name_of(step, fault)])
    place.proxy.end()
    for step, fault in PLACES:
        name = name_of(step, fault)
        row, operation = place.settled(rows[name]), place.operation(operations[name])
        assert operation["status"] == "succeeded", (name, operation)
        assert (row["status"], place.serves(row)) == (("stopped", False) if step == "remove" else ("running", True))
        said = next(entry["message"] for entry in operation["steps"] if entry["name"] == step)
        if fault is not Fault.LATE:  # an answer that comes in time, though late, is no trouble worth telling
            assert "before: " in str(said), (name, "the history does not tell what happened", operation)
        if step == "switch" and fault in DONE_ALREADY:
            assert place.proxy.count("switch", row) == before[name] + 1, "it was switched again"


@pytest.mark.parametrize("kind", ["stop", "undeploy"])
def test_what_cannot_be_reached_is_stopped_later_and_shown_as_pending(place: Site, kind: str) -> None:
    row = place.deploy_all([f"near-{kind}"], gateway=place.straight())[f"near-{kind}"]
    place.gateway.kill()
    operation = place.begin(kind, row)
    place.eventually(lambda: place.operation(operation)["status"] == "failed", "it is not told")
    told = place.operation(operation)
    assert f"The {kind} is pending" in told["error"]
    waiting = place.read(row)
    assert (waiting["status"], waiting["desired_state"]) == ("running", "stopped" if kind == "stop" else "absent")
    place.gateway.start()
    place.eventually(lambda: place.read(row)["status"] == "stopped", "it is not finished")
    assert row["id"] not in place.held()
    assert place.events(row)[0]["by"] == "reconciler"
