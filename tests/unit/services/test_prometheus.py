"""What the control plane exposes keeps Prometheus's rules, and the files in deploy/ ask for nothing else."""

import json
import re
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families
from ruamel.yaml import YAML
from sqlmodel import Session

from nexdeck.app.gateway.control.exposition import Exposition
from nexdeck.app.gateway.ground.context import Tokens
from nexdeck.app.gateway.telemetry.meter import Meter
from nexdeck.models.choices import Channel
from nexdeck.services.metrics.collector import MetricCollector
from nexdeck.services.metrics.prometheus import PrometheusService
from nexdeck.services.metrics.service import MetricsService
from nexdeck.services.platform.changes import Changes
from nexdeck.services.platform.database import Database
from nexdeck.services.platform.table_sizes import StorageService
from tests.actors import ACTOR
from tests.prometheus import faults_of
from tests.unit.services.test_metric_collection import add_deployment

DEPLOY = Path(__file__).parents[3] / "deploy"
RULES = YAML(typ="safe").load(DEPLOY / "prometheus" / "nexdeck.rules.yml")["groups"][0]["rules"]
DASHBOARD = json.loads((DEPLOY / "grafana" / "nexdeck.json").read_text())


async def control_plane(tmp_path: Path) -> str:
    database = Database(f"sqlite:///{tmp_path / 'test.db'}")
    database.migrate()
    with Session(database.engine) as session:
        add_deployment(session)
    metrics = MetricsService(database, MetricCollector(database, Changes(), None))
    storage = StorageService(database, {"metric_minute": "48 hours"})
    text = await PrometheusService(database, metrics, storage, "1.0").exposition(actor=ACTOR)
    assert [table.kept for table in await storage.tables(actor=ACTOR) if table.name == "metric_minute"] == ["48 hours"]
    database.close()
    return text.decode()


def gateway() -> str:
    meter = Meter()
    revision = meter.for_revision("id", "x", 1)
    revision.began()
    revision.ended(Channel.API, 200, None, 0.2, Tokens(3, 4))
    return Exposition(meter, "1.0").text().decode()


async def test_the_control_plane_tells_of_deployments_gateways_and_tables(tmp_path: Path) -> None:
    text = await control_plane(tmp_path)
    assert faults_of(text) == []
    assert 'nexdeck_deployments{health="unknown",status="running"} 1.0' in text
    assert 'nexdeck_gateway_up{gateway="g",kind="local"} 0.0' in text
    assert 'nexdeck_table_rows{table="deployment"} 1.0' in text
    assert 'nexdeck_incidents_open{severity="critical"} 0.0' in text
    assert 'nexdeck_operations_active{kind="redeploy"} 0.0' in text
    assert 'nexdeck_collections_total{outcome="failed"} 0.0' in text


async def test_dashboard_and_alerts_ask_for_metrics_that_there_are(tmp_path: Path) -> None:
    families = [f for text in (await control_plane(tmp_path), gateway()) for f in text_string_to_metric_families(text)]
    there = {sample.name for family in families for sample in family.samples}
    there |= {family.name for family in families}  # those without a sample at the moment
    labels = {label for family in families for sample in family.samples for label in sample.labels}
    expressions = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    expressions += [rule["expr"] for rule in RULES]
    for expression in expressions:
        named = set(re.findall(r"nexdeck_[a-z_]+", expression))
        assert named, expression
        assert named <= there, f"{named - there} in {expression}"
        asked = set(re.findall(r'[{,]\s*([a-z_]+)=~?"', expression))
        asked |= set(re.split(r"[ ,]+", " ".join(re.findall(r"by \(([^)]*)\)", expression)))) - {""}
        assert asked <= labels | {"severity", "kind", "health"}, expression


def test_every_alert_says_what_is_wrong_and_how_bad_it_is() -> None:
    for rule in RULES:
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert rule["annotations"]["summary"].endswith(".")
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
