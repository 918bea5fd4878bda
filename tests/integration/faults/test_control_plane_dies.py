"""`kill -9` of Nexdeck at each step of each operation: at the next start it goes on from what it sees.

For each operation and each step there is a deployment whose operation is stopped right there, by a line to the gateway
that keeps back the request of that step, or its answer. Many of them are under way at once, so one kill hits them all.
"""

import pytest

from tests.integration.faults.proxy import Fault
from tests.integration.faults.site import Site

BEFORE, AFTER = Fault.SILENT, Fault.LATE  # the gateway has not done it yet, or has done it
PUTS_LIVE = ("deploy", "redeploy", "rollback", "start", "restart")
PLACES = [
    *((kind, step, fault) for kind in PUTS_LIVE for step in ("register", "switch") for fault in (BEFORE, AFTER)),
    *((kind, "prove API", BEFORE) for kind in PUTS_LIVE),
    *(("deploy", step, fault) for step in ("prove CLI", "prove MCP") for fault in (BEFORE, AFTER)),
    *((kind, "remove", fault) for kind in ("restart", "stop", "undeploy") for fault in (BEFORE, AFTER)),
]


def name_of(kind: str, step: str, fault: Fault) -> str:
    return f"{kind}-{step.lower().replace(' ', '-')}-{'before' if fault is BEFORE else 'after'}"


def prepared(place: Site, places: list[tuple[str, str, Fault]]) -> dict[str, dict]:
    """A running deployment for each operation but deploy; with an earlier revision for the rollbacks."""
    names = [name_of(*which) for which in places if which[0] != "deploy"]
    rows = place.deploy_all(names)
    for name in names:
        if name.startswith("rollback"):
            place.begin("redeploy", rows[name])
        elif name.startswith("start"):
            place.begin("stop", rows[name])
    return {name: place.settled(row) for name, row in rows.items()}


@pytest.mark.parametrize("kinds", [("deploy",), ("redeploy", "rollback"), ("start", "restart", "stop", "undeploy")])
def test_a_kill_at_each_step_of_each_operation_is_made_good(place: Site, kinds: tuple[str, ...]) -> None:
    places = [which for which in PLACES if which[0] in kinds]
    rows = prepared(place, places)
    at_the_check = place.proxy.put("check", BEFORE)  # keeps new deployments back until their ids are known
    for kind, step, fault in places:
        if kind == "deploy":
            channels = ["api", "cli", "mcp"] if step in ("prove CLI", "prove MCP") else ["api"]
            rows[name_of(kind, step, fault)] = place.begin_deploy(name_of(kind, step, fault), channels)
    troubles = {name_of(*which): place.proxy.put(*which[1:], rows[name_of(*which)]) for which in places}
    place.proxy.end(at_the_check)
    operations = {}
    for kind, step, fault in places:
        row = rows[name_of(kind, step, fault)]
        operations[row["name"]] = place.read(row)["operation"] if kind == "deploy" else place.begin(kind, row)
    missed = [name for name, trouble in troubles.items() if not trouble.met.wait(60)]
    assert missed == [], [place.read(rows[name])["operation"] for name in missed]
    place.studio.kill()
    place.proxy.end()
    passed = len(place.proxy.passed)
    place.restart_studio()
    for kind, step, fault in places:
        name = name_of(kind, step, fault)
        row, operation = place.settled(rows[name]), place.operation(operations[name])
        assert operation["status"] == "succeeded", (name, operation)
        assert "after a restart of Nexdeck" in str(place.events(row)), name
        expected = "stopped" if kind in ("stop", "undeploy") else "running"
        assert (row["status"], place.serves(row)) == (expected, expected == "running"), name
    again = place.proxy.passed[passed:]
    for kind in set(kinds) & set(PUTS_LIVE):
        done = rows[name_of(kind, "register", AFTER)]["id"]
        assert not [path for method, path in again if method == "PUT" and f"{done}/revisions" in path], "loaded twice"
        done = rows[name_of(kind, "switch", AFTER)]["id"]
        assert not [path for method, path in again if method == "PUT" and done in path], "switched twice"
    held = place.held()
    assert [row["id"] in held for row in rows.values()] == [place.read(r)["status"] == "running" for r in rows.values()]


def test_a_kill_while_the_gateway_is_being_checked_and_an_absence_confirmed(place: Site) -> None:
    rows = place.deploy_all(["checked", "confirmed"])
    silent = place.proxy.put("check", BEFORE)
    begun = [place.begin("redeploy", rows["checked"]), place.begin("stop", rows["confirmed"])]
    assert silent.met.wait(30)
    place.studio.kill()
    place.proxy.end()
    place.restart_studio()
    assert [place.settled(row)["status"] for row in rows.values()] == ["running", "stopped"]
    assert [place.operation(operation)["status"] for operation in begun] == ["succeeded", "succeeded"]
