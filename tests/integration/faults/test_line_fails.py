"""A line to the gateway that fails at each step, in each way: what became of a request is read back, never guessed."""

import pytest

from tests.integration.faults.proxy import Fault
from tests.integration.faults.site import Site

STEPS = ("register", "prove API", "prove MCP", "switch", "remove")
DONE_ALREADY = (Fault.LATE, Fault.CUT, Fault.RUBBISH)


def name_of(step: str, fault: Fault) -> str:
    return f"{step.lower().replace(' ', '-')}-{fault.name.lower()}"


@pytest.mark.parametrize("step", STEPS)
def test_every_failure_of_the_line_ends_well_once_it_is_over(place: Site, step: str) -> None:
    channels = ["api", "mcp"] if step == "prove MCP" else ["api"]
    rows = place.deploy_all([name_of(step, fault) for fault in Fault], channels)
    before = {name: place.proxy.count("switch", row) for name, row in rows.items()}
    troubles = {name_of(step, fault): place.proxy.put(step, fault, rows[name_of(step, fault)]) for fault in Fault}
    kind = "stop" if step == "remove" else "redeploy"
    operations = {name: place.begin(kind, row) for name, row in rows.items()}
    missed = [name for name, trouble in troubles.items() if not trouble.met.wait(60)]
    assert missed == []
    if step != "remove":  # while the fault lasts, callers notice nothing
        assert all(place.serves(row) for row in rows.values())
    place.proxy.end()
    for fault in Fault:
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
