"""Counts calls: Prometheus series for each deployment, revision and channel, and the counters of ``GatewayState``."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from models.wire import Channel, Counters

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 600.0)
MEDIA_TYPE = CONTENT_TYPE_LATEST


class Meter:
    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        labels = ("deployment", "revision", "channel")
        self._requests = Counter(
            "nexdeck_requests", "Calls of agents", (*labels, "status_class"), registry=self._registry
        )
        self._seconds = Histogram(
            "nexdeck_request_seconds", "Time to answer a call", labels, registry=self._registry, buckets=SECONDS
        )
        self._in_flight = Gauge(
            "nexdeck_requests_in_flight", "Calls being answered", ("deployment", "revision"), registry=self._registry
        )

    def for_revision(self, name: str, revision: int, counters: Counters) -> "RevisionMeter":
        return RevisionMeter(self, name, str(revision), counters)

    def exposition(self) -> bytes:
        return generate_latest(self._registry)

    def forget(self, name: str, revision: int | None = None) -> None:
        """Remove the series of a deployment, or of one of its revisions."""
        for metric in (self._requests, self._seconds, self._in_flight):
            for labels in list(metric._metrics):  # no public way lists the children
                if labels[0] == name and revision in (None, int(labels[1])):
                    metric.remove(*labels)


class RevisionMeter:
    """The series of one revision, looked up once and kept: a look-up by labels costs more than the counting."""

    def __init__(self, meter: Meter, name: str, revision: str, counters: Counters) -> None:
        self._counters = counters
        self._in_flight = meter._in_flight.labels(name, revision)
        self._seconds = {c.value: meter._seconds.labels(name, revision, c.value) for c in Channel}
        self._requests = {
            (c.value, status): meter._requests.labels(name, revision, c.value, f"{status}xx")
            for c in Channel
            for status in (2, 4, 5)
        }

    def began(self) -> None:
        self._in_flight.inc()

    def ended(self, channel: str, status: int, seconds: float) -> None:
        self._in_flight.dec()
        self._requests[channel, status // 100].inc()
        self._seconds[channel].observe(seconds)
        self._counters.requests += 1
        self._counters.errors += status >= 500
        self._counters.latency_ms_sum += seconds * 1000
