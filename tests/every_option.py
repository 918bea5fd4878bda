"""Options of a deployment of which none is as by default."""

from nexdeck.models.options import DeploymentOptions

EVERY_OPTION = DeploymentOptions(
    channels=["api"],
    require_key=True,
    environment={"REGION": "eu"},
    inherit_environment=["PROXY"],
    secrets=["API_KEY"],
    limits={"timeout_seconds": 5, "max_concurrency": 2, "rate_limit_per_minute": 3, "max_request_kb": 64},
    record={"inputs": True, "redact": ["card"], "days": 2},
    sample_input={"text": "hey"},
    canary={"percent": 20, "minutes": 3, "calls": 9},
    latency_limit_ms=200,
    synthetic_check=True,
)
