"""Who acts is said at every door of the services, and made up in one place for each way in."""

import ast
import inspect
import typing
from collections.abc import Iterator
from pathlib import Path

import pytest

from nexdeck.models.actor import Actor
from nexdeck.services.studio import Studio

ROOT = Path(__file__).parents[2]
MAKERS = {"models/actor.py", "pages/identity.py", "app/api/parameters.py"}
# What no person asks for: ``Service.method``, or ``Service.*``, and why
WITHOUT = {
    "Database.*": "below what anybody may do: the services ask it, each for somebody",
    "Changes.*": "tells pages that something changed, not what",
    "GatewayConnections.*": "connections, below what anybody may do",
    "SecretVault.encrypt": "a computation",
    "SecretVault.decrypt": "a computation",
    "SecretVault.values": "for what is being deployed, whose actor was asked",
    "GatewayDirectory.announce": "told by local gateways, part of a change",
    "GatewayDirectory.client": "a connection for a gateway that was read for somebody",
    "GatewayDirectory.forget": "part of removing a local gateway",
    "GatewayDirectory.keep": "of a job: what a probe saw",
    "GatewayDirectory.look": "of a job: one probe",
    "GatewayDirectory.present": "of a job: the gateways to probe",
    "GatewayDirectory.probe": "of a job: one probe",
    "GatewayDirectory.require_unused": "part of removing a gateway",
    "GatewayDirectory.save_new": "part of adding a gateway",
    "GatewayDirectory.tell": "of a job: what probes changed",
    "LocalGateways.start": "the program's own start",
    "LocalGateways.stop": "the program's own end",
    "LocalGateways.tidy": "a job",
    "Canaries.see_through": "a step of an operation, whose actor was asked",
    "OperationExecutor.*": "carries out operations, whose actor was asked",
    "Reconciler.close": "the program's own end",
    "Reconciler.orphans": "what the last probe saw, for ``Orphans``",
    "Reconciler.retry_due": "a job",
    "Reconciler.sweep": "a job",
    "HealthService.lapse": "a job",
    "HealthService.paused_gateways": "of a job: what not to probe",
    "HealthService.record": "of a job: what a probe saw",
    "HealthService.tell": "of a job: what probes changed",
    "SampleCalls.call_due": "a job",
    "HealthRetention.prune": "a job",
    "History.prune": "a job",
    "NotificationChannels.target_of": "for the outbox, which sends what rules ask for",
    "NotificationOutbox.begin": "a job",
    "NotificationOutbox.close": "the program's own end",
    "NotificationOutbox.collect": "a job",
    "NotificationOutbox.prune": "a job",
    "NotificationOutbox.work": "a job",
    "StatusPages.public": "for everybody who has the address: that is what it is for",
    "LogService.close": "the program's own end",
    "LogService.collect": "a job",
    "LogService.collect_all": "a job",
    "LogService.end_streams": "the program's own end",
    "LogService.prune": "a job",
    "LogService.unsubscribe": "ends what was subscribed for somebody",
    "CallService.close": "the program's own end",
    "CallService.collect": "a job",
    "CallService.collect_all": "a job",
    "CallService.prune": "a job",
    "MetricsService.close": "the program's own end",
    "MetricsService.collect": "a job",
    "MetricsService.collect_all": "a job",
    "MetricsService.prune": "a job",
    "ReplayService.close": "the program's own end",
    "ReplayService.wait": "for a replay that was got for somebody",
}
SERVICES = sorted(set(typing.get_type_hints(Studio).values()), key=lambda service: service.__name__)


def _methods(service: type) -> Iterator[tuple[str, inspect.Signature]]:
    for name, method in inspect.getmembers(service, inspect.isfunction):
        if not name.startswith("_"):
            yield f"{service.__name__}.{name}", inspect.signature(method)


def _says_who(signature: inspect.Signature) -> bool:
    return "actor" in signature.parameters and signature.parameters["actor"].annotation is Actor


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.__name__)
def test_every_public_method_is_told_who_acts(service: type) -> None:
    if f"{service.__name__}.*" not in WITHOUT:
        silent = {name for name, signature in _methods(service) if not _says_who(signature)}
        assert silent - set(WITHOUT) == set()


def test_no_exception_is_out_of_date() -> None:
    silent = {name for service in SERVICES for name, signature in _methods(service) if not _says_who(signature)}
    wholly = {f"{service.__name__}.*" for service in SERVICES}
    assert set(WITHOUT) - silent - wholly == set()


def test_an_actor_is_made_in_one_place_for_each_way_in() -> None:
    makers = set()
    for part in ("app", "pages", "services", "models"):
        for file in (ROOT / part).rglob("*.py"):
            calls = (node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call))
            if any(isinstance(call.func, ast.Name) and call.func.id == "Actor" for call in calls):
                makers.add(str(file.relative_to(ROOT)))
    assert makers == MAKERS - {"models/actor.py"}
