"""The REST API: a FastAPI application of its own, mounted at ``/api``."""

from nexdeck.app.api.build import build_api

__all__ = ["build_api"]
