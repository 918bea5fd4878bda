"""Whatever changes on a gateway, whoever probes it again knows what is there as if all had been told."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from nexdeck.app.gateway.control.changes import ChangeTracker
from nexdeck.models.base import now
from nexdeck.models.control import DeploymentState, KeyUse, RevisionState
from nexdeck.models.telemetry import GatewayReport
from nexdeck.services.gateways.snapshot_cache import GatewayMemory

EVENTS = st.lists(st.sampled_from(["load", "switch", "fail", "use a key", "remove", "call", "probe", "other probes"]))


class FakeGateway:
    """Has states and a number for them, as the real one; what it answers went over HTTP."""

    def __init__(self, boot_id: str) -> None:
        self.boot_id, self.states, self._changes = boot_id, {}, ChangeTracker()

    def report(self, seen: int) -> GatewayReport:
        states = [state.model_copy(deep=True) for state in self.states.values()]
        changed = self._changes.changed_after(seen, states)
        about = {"version": "1", "boot_id": self.boot_id, "pid": 1, "started_at": now(), "ready": True}
        report = GatewayReport(**about, deployments=changed, number=self._changes.number, held=list(self.states))
        return GatewayReport.model_validate_json(report.model_dump_json())

    def change(self, event: str, draw: random.Random) -> None:
        name = draw.choice("abc")
        state = self.states.get(name)
        if event == "load":
            self.states[name] = DeploymentState(deployment_id=name, name=name)
        elif event == "remove":
            self.states.pop(name, None)
        elif state is None:
            return
        elif event == "switch":
            state.live = RevisionState(revision=draw.randrange(9), sha256="ab")
        elif event == "fail":
            state.error = draw.choice([None, "It does not load."])
        elif event == "use a key":
            state.key_uses["hash"] = KeyUse(calls=draw.randrange(1, 99), last_at=now())
        elif event == "call":
            state.counters.requests += 1


def probe(gateway: FakeGateway, memory: GatewayMemory) -> GatewayReport:
    known = memory.of("gtw")
    report = gateway.report(known.number if known.boot_id == gateway.boot_id else 0)
    assert known.complete(report)
    memory.note("gtw", report)
    return report


def without_counts(states: list[DeploymentState]) -> list[dict]:
    return [state.model_dump(exclude={"counters"}) for state in states]


@settings(max_examples=60)
@given(EVENTS, st.randoms(use_true_random=False))
def test_a_probe_tells_of_all_that_is_held_whatever_changed(events: list[str], draw: random.Random) -> None:
    gateway, ours, theirs = FakeGateway("one"), GatewayMemory(), GatewayMemory()
    for event in [*events, "probe", "restart", "load", "probe"]:
        if event == "restart":
            gateway = FakeGateway("two")
        elif "probe" in event:
            report = probe(gateway, ours if event == "probe" else theirs)
            assert without_counts(report.deployments) == without_counts(list(gateway.states.values()))
        else:
            gateway.change(event, draw)


def test_only_what_changed_is_sent() -> None:
    gateway, memory, draw = FakeGateway("one"), GatewayMemory(), random.Random(1)
    for _ in range(20):
        gateway.change("load", draw)
    probe(gateway, memory)
    gateway.change("call", draw)
    assert gateway.report(memory.of("gtw").number).deployments == []
    gateway.states["a"].error = "It does not load."
    assert [state.deployment_id for state in gateway.report(memory.of("gtw").number).deployments] == ["a"]


def test_an_answer_that_cannot_be_completed_says_so() -> None:
    gateway, memory = FakeGateway("one"), GatewayMemory()
    gateway.change("load", random.Random(1))
    probe(gateway, memory)
    report = gateway.report(memory.of("gtw").number)
    memory.forget("gtw")
    assert not memory.of("gtw").complete(report)
