"""``/metrics`` in Prometheus's text format: series of what is loaded, for each deployment, revision and channel."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from nexdeck.app.gateway.telemetry.meter import ChannelCount, Meter, RevisionCount
from nexdeck.models.histogram import GROUPS, KEYS, edges

MEDIA_TYPE = CONTENT_TYPE_LATEST
LABELS = ("deployment", "revision", "channel")
FAILURES = ("client_errors", "refused", "errors", "timeouts", "cancelled")
BOUNDS = [(group * KEYS, str(edges(group * KEYS)[0] / 1000)) for group in range(0, GROUPS, 2)]  # 1 ms, 2 ms, 4 ms …


class MeterCollector(Collector):
    def __init__(self, meter: Meter, version: str) -> None:
        self._meter = meter
        self._version = version

    def collect(self) -> Iterator[Metric]:
        info = GaugeMetricFamily("nexdeck_gateway_info", "Always 1; the label tells the version", labels=["version"])
        info.add_metric([self._version], 1)
        yield info
        in_flight = GaugeMetricFamily("nexdeck_requests_in_flight", "Calls being answered", labels=LABELS[:2])
        requests = CounterMetricFamily("nexdeck_requests", "Calls of agents", labels=(*LABELS, "outcome"))
        seconds = HistogramMetricFamily("nexdeck_request_seconds", "Time to answer a call", labels=LABELS)
        tokens = CounterMetricFamily(
            "nexdeck_model_tokens", "Tokens of language models, as providers report them", labels=(*LABELS, "direction")
        )
        cost = CounterMetricFamily("nexdeck_model_cost", "Price of the tokens, where one was given", labels=LABELS)
        for revision in self._meter.loaded():
            in_flight.add_metric(_labels(revision), revision.in_flight)
            for channel, count in revision.channels.items():
                if count.requests:
                    labels = [*_labels(revision), channel.value]
                    _add_outcomes(requests, labels, count)
                    seconds.add_metric(labels, _cumulated(count), count.latency_ms_sum / 1000)
                    if count.tokens_in or count.tokens_out:
                        tokens.add_metric([*labels, "in"], count.tokens_in)
                        tokens.add_metric([*labels, "out"], count.tokens_out)
                        cost.add_metric(labels, count.cost)
        yield from (in_flight, requests, seconds, tokens, cost)


class Exposition:
    def __init__(self, meter: Meter, version: str) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(MeterCollector(meter, version))

    def text(self) -> bytes:
        return generate_latest(self._registry)


def _labels(revision: RevisionCount) -> list[str]:
    return [revision.name, str(revision.revision)]


def _add_outcomes(requests: CounterMetricFamily, labels: list[str], count: ChannelCount) -> None:
    failures = {name: getattr(count, name) for name in FAILURES}
    requests.add_metric([*labels, "succeeded"], count.requests - sum(failures.values()))
    for name, count in failures.items():
        requests.add_metric([*labels, name], count)


def _cumulated(count: ChannelCount) -> list[tuple[str, float]]:
    """How many calls took less than each bound."""
    counts = sorted(count.buckets.items())
    total, place, bounds = 0, 0, []
    for first_key, bound in BOUNDS:
        while place < len(counts) and counts[place][0] < first_key:
            total += counts[place][1]
            place += 1
        bounds.append((bound, total))
    return [*bounds, ("+Inf", count.requests)]
