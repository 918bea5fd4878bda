"""How long what the tables hold is kept, in words for people."""

from nexdeck.app.settings import Settings
from nexdeck.models.metrics import Tier


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
        "health_sample": "1 day",
        "health_change": "92 days",
        "incident": "1 year",
        "operation": history,
        "operation_step": history,
        "status_change": history,
        **tiers,
    }


def _days(seconds: int) -> str:
    return f"{seconds // 3600} hours" if seconds <= 48 * 3600 else f"{seconds // 86_400} days"
