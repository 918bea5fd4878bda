"""How long what the tables hold is kept, in words for people."""

from nexdeck.app.settings import Settings
from nexdeck.models.metrics import Tier
from nexdeck.services.health.retention import CHANGES_KEPT, INCIDENTS_KEPT, SAMPLES_KEPT


def kept_in_words(settings: Settings) -> dict[str, str]:
    """By table; of those that are not named, all is kept."""
    logs = f"{settings.log_days:g} days, {settings.log_lines:,} lines a deployment"
    calls = f"{settings.request_days:g} days, {settings.request_count:,} a deployment"
    history = f"{settings.history_days:g} days, and {settings.history_operations} a deployment"
    tiers = {tier.table.__tablename__: _days(tier.kept_seconds) for tier in Tier}
    return {
        "log_record": logs,
        "call_record": calls,
        "call_content": "as each deployment's options say",
        "health_sample": _days(SAMPLES_KEPT.total_seconds()),
        "health_change": _days(CHANGES_KEPT.total_seconds()),
        "incident": _days(INCIDENTS_KEPT.total_seconds()),
        "operation": history,
        "operation_step": history,
        "status_change": history,
        **tiers,
    }


def _days(seconds: float) -> str:
    return f"{seconds // 3600:.0f} hours" if seconds <= 48 * 3600 else f"{seconds // 86_400:.0f} days"
