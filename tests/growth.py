"""How much a Nexdeck and its local gateway hold: what must not grow from one cycle to the next."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import linear_regression

import httpx

from nexdeck.models.control import CONTROL_PREFIX

HISTORY = {  # tables that keep what happened, each within bounds of its own
    *("deployment", "revision", "operation", "operation_step", "status_change", "log_record"),
    *("health_change", "health_sample", "health_standing", "incident", "incident_event"),
    *("metric_minute", "metric_quarter", "metric_hour", "metric_day", "metric_count", "metric_series"),
    *("call_record", "call_content"),
}


@dataclass(frozen=True)
class Holdings:
    """Memory in MB; ``rows``: of each table of the database; ``series``: lines of the gateway's metrics."""

    nexdeck_mb: float
    gateway_mb: float
    files: int
    deployments: int
    routes: int
    tools: int
    series: int
    rows: dict[str, int]


def holdings(url: str, pid: int, data_dir: Path) -> Holdings:
    """Of the Nexdeck at the address, and of its gateway ``local``."""
    token = (data_dir / "gateways" / "local" / "token").read_text()
    gateway = httpx.get(f"{url}/api/v1/gateways/local", trust_env=False, timeout=60).json()["url"]
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=gateway, headers=headers, trust_env=False, timeout=60) as http:
        state = http.get(f"{CONTROL_PREFIX}/state").json()
        routes = http.get("/workflows").json()
        return Holdings(
            nexdeck_mb=_memory(pid),
            gateway_mb=_memory(state["pid"]),
            files=sum(1 for path in (data_dir / "gateways" / "local").rglob("*") if path.is_file()),
            deployments=len(state["deployments"]),
            routes=len(routes.get("workflows", routes)),
            tools=_tools(http),
            series=len(http.get("/metrics").text.splitlines()),
            rows=_rows(data_dir / "nexdeck.db"),
        )


def grown(before: Holdings, after: Holdings) -> dict[str, float]:
    """What is more than before, but for memory and the rows of the history, which has its own bounds."""
    counts: list[tuple[str, Callable[[Holdings], int]]] = [
        ("files", lambda h: h.files),
        ("deployments", lambda h: h.deployments),
        ("routes", lambda h: h.routes),
        ("tools", lambda h: h.tools),
        ("series", lambda h: h.series),
    ]
    more = {name: count(after) - count(before) for name, count in counts}
    more |= {table: n - before.rows.get(table, 0) for table, n in after.rows.items() if table not in HISTORY}
    return {name: difference for name, difference in more.items() if difference > 0}


def slope(cycles: list[int], sizes: list[float]) -> float:
    """KB a cycle, by least squares over sizes in MB."""
    return linear_regression(cycles, sizes).slope * 1024


def _memory(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def _rows(database: Path) -> dict[str, int]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%'")
        names = [name for (name,) in tables if not name.startswith(("log_search", "sqlite_"))]
        return {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}


def _tools(http: httpx.Client) -> int:
    headers = {"Accept": "application/json, text/event-stream"}

    def ask(method: str, params: dict, number: int | None) -> httpx.Response:
        message = {"jsonrpc": "2.0", "method": method, "params": params} | ({"id": number} if number else {})
        return http.post("/mcp", json=message, headers=headers)

    client = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "growth", "version": "1"}}
    headers["Mcp-Session-Id"] = ask("initialize", client, 1).headers.get("mcp-session-id", "")
    ask("notifications/initialized", {}, None)
    tools = ask("tools/list", {}, 2).text.count('"inputSchema"')
    http.delete("/mcp", headers=headers)
    return tools
