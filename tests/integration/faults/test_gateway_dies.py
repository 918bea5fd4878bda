"""`kill -9` of a gateway, whatever the deployments on it were doing: it comes back, and so does everything else."""

from tests.integration.faults.proxy import Fault
from tests.integration.faults.site import Site

RAISING = 'SAMPLE = {}\n\n\ndef failing() -> dict:\n    raise ValueError("the mill is closed")\n'
KILLER = "import os\n\nSAMPLE = {}\n\n\ndef killer() -> dict:\n    os._exit(9)\n"
HELD = [(kind, step) for kind in ("redeploy", "restart") for step in ("register", "prove API", "switch")]


def test_a_gateway_that_is_killed_in_each_state_of_its_deployments_comes_back_with_all(place: Site) -> None:
    names = [f"g-{kind}-{step.lower().replace(' ', '-')}" for kind, step in HELD]
    rows = place.deploy_all([*names, "g-running", "g-stopped", "g-stopping"])
    place.studio.http.post("/api/v1/agents", json={"filename": "failing.py", "source": RAISING}).raise_for_status()
    failed = place.request("POST", "deployments", {"agent": "failing", "gateway": "far"}, wait=60)["deployment"]
    place.begin("stop", rows["g-stopped"])
    place.settled(rows["g-stopped"])
    troubles = [place.proxy.put(step, Fault.LATE, rows[name]) for name, (_, step) in zip(names, HELD, strict=True)]
    troubles.append(place.proxy.put("remove", Fault.SILENT, rows["g-stopping"]))
    begun = [place.begin(kind, rows[name]) for name, (kind, _) in zip(names, HELD, strict=True)]
    begun.append(place.begin("stop", rows["g-stopping"]))
    assert all(trouble.met.wait(60) for trouble in troubles)
    place.gateway.kill()
    place.proxy.end()
    place.gateway.start()
    for operation in begun:
        place.eventually(lambda o=operation: place.operation(o)["status"] == "succeeded", str(operation))
    for name in (*names, "g-running"):
        row = place.settled(rows[name])
        assert (row["status"], place.serves(row)) == ("running", True), name
    for row in (rows["g-stopped"], rows["g-stopping"]):
        assert (place.read(row)["status"], place.serves(row)) == ("stopped", False)
    told = place.read(failed)
    assert (told["status"], "the mill is closed" in told["error_message"]) == ("failed", True)
    assert failed["id"] not in place.held()


def test_an_agent_that_ends_its_gateway_is_told_and_not_tried_for_ever(place: Site) -> None:
    """On the local gateway, which is started again each time; what else is on it comes back each time."""
    place.studio.http.post("/api/v1/agents", json={"filename": "killer.py", "source": KILLER}).raise_for_status()
    body = {"agent": "killer", "gateway": "local", "options": {"channels": ["api"]}}
    change = place.request("POST", "deployments", body)
    row = place.settled(change["deployment"])
    operation = place.operation(change["operation"])
    assert (row["status"], operation["status"]) == ("failed", "failed")
    assert "Does the agent end the process" in row["error_message"], operation
