"""Puts the REST API together."""

from importlib.metadata import version

from fastapi import FastAPI

from nexdeck.app.api import docs, errors, openapi
from nexdeck.app.api.frame import BodyLimit, RequestFrame
from nexdeck.app.api.routers import (
    agents,
    calls,
    declared,
    deployment_parts,
    deployments,
    gateways,
    health,
    incidents,
    keys,
    logs,
    maintenance,
    metrics,
    notifications,
    operations,
    replays,
    revisions,
    secrets,
    status_page,
)
from nexdeck.services.studio import Studio


def build_api(studio: Studio) -> FastAPI:
    """The REST API over ``studio``, to be mounted at ``/api`` behind ``app.guard.HostAndOriginGuard``."""
    api = FastAPI(
        title="Nexdeck",
        version=version("nexdeck"),
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    api.state.studio = studio
    api.add_middleware(BodyLimit)
    api.add_middleware(RequestFrame)  # outermost, so that whatever those inside answer has a request id
    errors.install(api)
    openapi.install(api)
    docs.install(api)
    of_deployments = (deployments, deployment_parts, keys, logs, calls, replays, revisions)
    watching = (health, incidents, maintenance, metrics)
    for resource in (
        agents,
        gateways,
        *of_deployments,
        *watching,
        declared,
        operations,
        secrets,
        notifications,
        status_page,
    ):
        api.include_router(resource.router)
    return api
