"""The REST API: a FastAPI application of its own, mounted at ``/api``."""
