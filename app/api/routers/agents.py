"""The catalog: agents and their immutable versions."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from nexdeck.app.api.parameters import Caller, Cursor, Limit, Reference, SearchText, Services, VersionLabel
from nexdeck.app.api.schemas.base import Listing
from nexdeck.app.api.schemas.catalog import (
    AgentDetailShape,
    AgentRowShape,
    AgentShape,
    CreatedVersionShape,
    PreviewShape,
    VersionDetailShape,
    VersionShape,
)
from nexdeck.app.api.uploads import SOURCE_BODY, Source
from nexdeck.models.agent import AgentVersion
from nexdeck.models.manifest import AgentKind

router = APIRouter(prefix="/v1/agents", tags=["agents"])


@router.get("")
async def list_agents(
    studio: Services,
    actor: Caller,
    q: SearchText = "",
    kind: Annotated[AgentKind | None, Query()] = None,
    limit: Limit = 25,
    cursor: Cursor = None,
) -> Listing[AgentRowShape]:
    page = await studio.agents.list(q=q, kind=kind, limit=limit, cursor=cursor, actor=actor)
    rows = [
        AgentRowShape(
            **item.agent.model_dump(),
            latest=VersionShape.model_validate(item.latest),
            version_count=item.version_count,
            deployment_count=item.deployment_count,
        )
        for item in page.items
    ]
    return Listing.page(page, rows)


@router.post("", status_code=201, openapi_extra=SOURCE_BODY)
async def create_agent(studio: Services, actor: Caller, upload: Source, response: Response) -> CreatedVersionShape:
    """Add an agent with its first version, from a YAML or Python source."""
    detail = await studio.agents.create(upload.filename, upload.source, actor=actor)
    response.headers["Location"] = f"/api/v1/agents/{detail.agent.name}"
    return CreatedVersionShape(
        agent=AgentShape.model_validate(detail.agent), version=VersionShape.model_validate(detail.versions[0])
    )


@router.post("/preview", openapi_extra=SOURCE_BODY)
async def preview_agent(studio: Services, actor: Caller, upload: Source) -> PreviewShape:
    """What a source would become. Nothing is stored."""
    return PreviewShape.model_validate(await studio.agents.preview(upload.filename, upload.source, actor=actor))


@router.get("/{agent}")
async def get_agent(studio: Services, actor: Caller, agent: Reference) -> AgentDetailShape:
    detail = await studio.agents.get(agent, actor=actor)
    return AgentDetailShape(**detail.agent.model_dump(), versions=_versions(detail.versions))


@router.delete("/{agent}", status_code=204)
async def delete_agent(studio: Services, actor: Caller, agent: Reference) -> None:
    """Remove an agent with all its versions; refused while a deployment uses it."""
    await studio.agents.delete(agent, actor=actor)


@router.get("/{agent}/versions")
async def list_versions(studio: Services, actor: Caller, agent: Reference) -> Listing[VersionShape]:
    detail = await studio.agents.get(agent, actor=actor)
    return Listing.whole(_versions(detail.versions))


@router.post("/{agent}/versions", status_code=201, openapi_extra=SOURCE_BODY)
async def add_version(
    studio: Services, actor: Caller, agent: Reference, upload: Source, response: Response
) -> CreatedVersionShape:
    """Add a version; the same source sent again answers with the version that it made the first time."""
    version = await studio.agents.add_version(agent, upload.filename, upload.source, actor=actor)
    detail = await studio.agents.get(agent, actor=actor)
    response.headers["Location"] = f"/api/v1/agents/{detail.agent.name}/versions/{version.version}"
    return CreatedVersionShape(
        agent=AgentShape.model_validate(detail.agent), version=VersionShape.model_validate(version)
    )


@router.get("/{agent}/versions/{version}")
async def get_version(studio: Services, actor: Caller, agent: Reference, version: VersionLabel) -> VersionDetailShape:
    return VersionDetailShape.model_validate(await studio.agents.version(agent, version, actor=actor))


@router.get(
    "/{agent}/versions/{version}/module",
    response_class=Response,
    responses={200: {"content": {"text/x-python": {"schema": {"type": "string"}}}}},
)
async def download_module(studio: Services, actor: Caller, agent: Reference, version: VersionLabel) -> Response:
    """The Python module that a gateway runs, byte for byte; it also runs by itself."""
    found = await studio.agents.version(agent, version, actor=actor)
    detail = await studio.agents.get(found.agent_id, actor=actor)
    name = f"{detail.agent.name}-{found.version}.py"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-SHA256": found.sha256}
    return Response(found.module.encode(), media_type="text/x-python; charset=utf-8", headers=headers)


def _versions(rows: list[AgentVersion]) -> list[VersionShape]:
    return [VersionShape.model_validate(row) for row in rows]
