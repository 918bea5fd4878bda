"""Addresses of files that the REST API gives, also behind a proxy that serves us under a prefix."""

from urllib.parse import urlencode

from nexdeck.pages.assets import prefix
from nexdeck.services.metrics.service import Series
from nexdeck.services.rules.windows import moment


def metrics_url(deployment_id: str, series: Series) -> str:
    """The points that are shown, as CSV."""
    scope, window = series.scope, series.window
    query = {
        "format": "csv",
        "since": moment(window.since).isoformat(),
        "until": moment(window.until).isoformat(),
        "revision": scope.revision,
        "channel": scope.channel and scope.channel.value,
    }
    return f"{prefix()}/api/v1/deployments/{deployment_id}/metrics?{urlencode({k: v for k, v in query.items() if v})}"
