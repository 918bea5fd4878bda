"""``/metrics``: what is loaded, by the rules of Prometheus."""

from nexdeck.app.gateway.control.exposition import Exposition
from nexdeck.app.gateway.ground.context import Tokens
from nexdeck.app.gateway.telemetry.meter import Meter, RevisionMeter
from nexdeck.models.choices import Channel
from tests.prometheus import faults_of


def count(revision: RevisionMeter, status: int, code: str | None = None, tokens: Tokens | None = None) -> None:
    revision.began()
    revision.ended(Channel.API, status, code, 0.25, tokens or Tokens())


def test_the_exposition_shows_what_is_loaded_and_keeps_prometheus_rules():
    meter = Meter()
    exposition = Exposition(meter, "1.0")
    one, two = meter.for_revision("id", "a", 1), meter.for_revision("id", "a", 2)
    for revision, status, code in ((one, 200, None), (one, 504, "timeout"), (two, 422, "invalid_input")):
        count(revision, status, code, Tokens(7, 5))
    one.began()
    text = exposition.text().decode()
    assert 'nexdeck_requests_total{channel="api",deployment="a",outcome="timeouts",revision="1"} 1.0' in text
    assert 'nexdeck_request_seconds_bucket{channel="api",deployment="a",le="0.256",revision="1"} 2.0' in text
    assert 'nexdeck_request_seconds_bucket{channel="api",deployment="a",le="0.128",revision="1"} 0.0' in text
    assert 'nexdeck_requests_in_flight{deployment="a",revision="1"} 1.0' in text
    assert 'nexdeck_model_tokens_total{channel="api",deployment="a",direction="in",revision="1"} 14.0' in text
    assert faults_of(text) == []
    meter.retire("id", 1)
    assert 'revision="1"' not in exposition.text().decode()
