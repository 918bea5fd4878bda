"""``make bench``: every figure beside its baseline. Exit code 1 when a target was missed."""

import sys
from collections.abc import Callable

from benchmarks import (
    counting,
    deploying,
    logs,
    metrics,
    models,
    reconciling,
    repairing,
    starting,
    sweeps,
    throughput,
    watching,
)
from benchmarks.load import require_wrk
from benchmarks.processes import Nexdeck, nexdeck
from benchmarks.report import Figure, show

ON_ONE_STUDIO: list[Callable[[Nexdeck], list[Figure]]] = [
    throughput.api,
    throughput.mcp,
    deploying.deploy_time,
    deploying.redeploys,
    repairing.after_a_kill,
    watching.live_health,
]


def main() -> int:
    require_wrk()
    starting.warm_caches()
    figures = starting.start_times()
    with nexdeck() as studio:
        for benchmark in ON_ONE_STUDIO:
            figures += benchmark(studio)
    figures += logs.logs()
    figures += reconciling.rounds()
    figures += models.concurrent_calls()
    figures += counting.recording() + metrics.rollups() + sweeps.sweeps()
    show(figures)
    return 0 if all(figure.met for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
