"""``/control/v1``: how the control plane loads, switches, and probes. Every route wants the control token."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from nexdeck.app.gateway.channels.bodies import read_body
from nexdeck.app.gateway.control.changes import ChangeTracker
from nexdeck.app.gateway.ground.problems import GatewayProblem
from nexdeck.app.gateway.ground.store import ID_PATTERN
from nexdeck.app.gateway.serving.host import Host
from nexdeck.app.gateway.telemetry.call_buffer import CallBuffer
from nexdeck.app.gateway.telemetry.counter_export import CounterExport
from nexdeck.app.gateway.telemetry.log_buffer import LogBuffer
from nexdeck.models.control import CONTROL_PREFIX, CanaryRequest, GatewayState, KeysRequest, LiveRequest
from nexdeck.models.manifest import RevisionBundle
from nexdeck.models.problem import FieldError
from nexdeck.models.telemetry import CounterBatch, GatewayReport, Position

MOST_LINES = 5_000
_Body = TypeVar("_Body", bound=BaseModel)


def routes(
    host: Callable[[], Awaitable[Host]],
    logs: LogBuffer,
    calls: CallBuffer,
    counter_export: CounterExport,
    state: Callable[[], GatewayState],
) -> list[Route]:
    """``host`` waits until Nexus is there, which it is a second after the first answer of ``state``."""
    changes = ChangeTracker()

    def counted_after(known: Position) -> CounterBatch:
        return counter_export.batch(known).model_copy(update={"lines": logs.newest, "calls": calls.newest})

    async def get_state(request: Request) -> Response:
        if "boot" not in request.query_params:
            return _json(state())
        known, present = _position(request), state()
        held = [deployment.deployment_id for deployment in present.deployments]
        seen = _query_number(request, "seen", 0) if known.boot_id == present.boot_id else 0
        present.deployments = changes.changed_after(seen, present.deployments)
        told = {"counted": counted_after(known), "number": changes.number, "held": held}
        return _json(GatewayReport.model_construct(**dict(present), **told))

    async def put_revision(request: Request) -> Response:
        bundle = await _parse(request, RevisionBundle)
        if bundle.revision != _number(request):
            raise _invalid("revision", "is not the revision in the path")
        return _json(await (await host()).load(_id(request), bundle))

    async def delete_revision(request: Request) -> Response:
        return _json(await (await host()).unload(_id(request), _number(request)))

    async def put_live(request: Request) -> Response:
        return _json(await (await host()).go_live(_id(request), await _parse(request, LiveRequest)))

    async def put_canary(request: Request) -> Response:
        return _json(await (await host()).set_canary(_id(request), await _parse(request, CanaryRequest)))

    async def put_keys(request: Request) -> Response:
        wanted = await _parse(request, KeysRequest)
        return _json(await (await host()).set_keys(_id(request), wanted))

    async def delete_deployment(request: Request) -> Response:
        return _json(await (await host()).remove(_id(request)))

    async def get_logs(request: Request) -> Response:
        after, limit = _query_number(request, "after", 0), _query_number(request, "limit", 1000)
        return _json(logs.read(state().boot_id, after, min(limit, MOST_LINES)))

    async def get_requests(request: Request) -> Response:
        after, limit = _query_number(request, "after", 0), _query_number(request, "limit", 1000)
        return _json(calls.read(state().boot_id, after, min(limit, MOST_LINES)))

    async def get_counters(request: Request) -> Response:
        return _json(counted_after(_position(request)))

    one = CONTROL_PREFIX + "/deployments/{id}"
    return [
        Route(CONTROL_PREFIX + "/state", get_state),
        Route(CONTROL_PREFIX + "/logs", get_logs),
        Route(CONTROL_PREFIX + "/requests", get_requests),
        Route(CONTROL_PREFIX + "/counters", get_counters),
        Route(one + "/revisions/{number}", put_revision, methods=["PUT"]),
        Route(one + "/revisions/{number}", delete_revision, methods=["DELETE"]),
        Route(one + "/live", put_live, methods=["PUT"]),
        Route(one + "/canary", put_canary, methods=["PUT"]),
        Route(one + "/keys", put_keys, methods=["PUT"]),
        Route(one, delete_deployment, methods=["DELETE"]),
    ]


async def _parse(request: Request, kind: type[_Body]) -> _Body:
    body = await read_body(request.scope, request.receive)
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        # places and reasons only: the values may be secret
        faults = error.errors(include_input=False, include_url=False, include_context=False)
        errors = [FieldError(path=".".join(map(str, fault["loc"])), message=fault["msg"]) for fault in faults[:20]]
        detail = f"The body is not a {kind.__name__}: {errors[0].path}: {errors[0].message}."
        raise GatewayProblem(422, "invalid_body", detail, errors=errors) from None


def _id(request: Request) -> str:
    deployment_id = request.path_params["id"]
    if not ID_PATTERN.fullmatch(deployment_id):
        raise _invalid("id", "must be letters, digits, - and _, at most 128")
    return deployment_id


def _number(request: Request) -> int:
    return _whole(request.path_params["number"], "revision")


def _position(request: Request) -> Position:
    return Position(request.query_params.get("boot", ""), _query_number(request, "after", 0))


def _query_number(request: Request, name: str, default: int) -> int:
    return _whole(request.query_params.get(name, str(default)), name)


def _whole(text: str, name: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise _invalid(name, "must be a whole number")
    return int(text)


def _invalid(path: str, message: str) -> GatewayProblem:
    return GatewayProblem(422, "invalid_body", f"{path} {message}.", errors=[FieldError(path=path, message=message)])


def _json(model: BaseModel) -> Response:
    return Response(model.model_dump_json(), media_type="application/json")
