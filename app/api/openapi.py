"""What the OpenAPI document says beyond what FastAPI draws from the routes."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from nexdeck.app.api.errors import PROBLEM_TYPE, RestProblem

DESCRIPTION = """Deploys AI agents to Nexus gateways and keeps them running.

A change answers **202** with its operation; `?wait=SECONDS` holds the answer until the operation ended.
Lists take `limit` and `cursor`. Every error is a problem document (RFC 9457, `application/problem+json`) whose `code`
is stable. Where a path takes an agent, a gateway or a deployment, its name will do where it is unambiguous.
"""


def install(api: FastAPI) -> None:
    """Make ``api.openapi()`` tell that every route may answer with a problem document."""

    def openapi() -> dict[str, Any]:
        if api.openapi_schema is None:
            api.openapi_schema = _with_problems(
                get_openapi(title=api.title, version=api.version, description=DESCRIPTION, routes=api.routes)
            )
        return api.openapi_schema

    api.openapi = openapi


def _with_problems(document: dict[str, Any]) -> dict[str, Any]:
    problem = RestProblem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas = document["components"]["schemas"]
    schemas |= problem.pop("$defs") | {"RestProblem": problem}
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    answer = {
        "description": "What went wrong, and what to do",
        "content": {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/RestProblem"}}},
    }
    for operations in document["paths"].values():
        for operation in operations.values():
            operation["responses"].pop("422", None)
            operation["responses"]["default"] = answer
    return document
