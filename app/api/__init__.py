"""The REST API: a FastAPI application of its own, mounted at ``/api``."""

from app.api.build import build_api

__all__ = ["build_api"]
