"""Recorded calls made again, against a revision that is, was or might become live, to see what would change.

The calls are real: whatever the agent does, it does again. They count neither as traffic nor for health. A revision
that is not live is loaded beside the live one, under a number of its own, and taken off again at the end.
"""

import asyncio
import json
import logging
import secrets
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from nexdeck.models.actor import Actor
from nexdeck.models.base import now
from nexdeck.models.options import DeploymentOptions
from nexdeck.services.calls.replay_calls import (
    Replayed,
    ReplayedAnswer,
    ReplayTarget,
    ReplayVerdict,
    call_again,
    compared,
    read_replay_target,
    require_idle,
)
from nexdeck.services.calls.service import CallService, RecordedRequest
from nexdeck.services.catalog.service import AgentCatalog
from nexdeck.services.errors import Conflict, Fault, InvalidInput, NotFound, StudioError
from nexdeck.services.gateways.directory import GatewayDirectory
from nexdeck.services.platform.database import Database
from nexdeck.services.platform.secrets import SecretVault
from nexdeck.services.rollout.requests import DeploymentRequest, check_request, secrets_needed
from nexdeck.services.rollout.scratch_revisions import ScratchRevisions
from nexdeck.services.rollout.target import bundle_of

logger = logging.getLogger(__name__)
MOST_CALLS = 200
MOST_SECONDS = 600.0
AT_ONCE = 4
MOST_KEPT = 10  # replays whose results are still shown
CANCELLED = "It was cancelled."
GAVE_WAY = "A change of the deployment began, and this gave way to it."


class ReplayStatus(StrEnum):
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class ReplayRequest:
    """Which calls (by id, else the ``last`` ones) against what: an agent's ``version`` or other ``options`` as a
    redeploy would run them, an earlier ``revision``, or else what is live. ``with_live`` makes each call there too."""

    calls: list[str] = field(default_factory=list)
    last: int = 20
    version: str | None = None
    options: DeploymentOptions | None = None
    revision: int | None = None
    with_live: bool = False


@dataclass
class Replay:
    """``against`` tells people what; ``results`` come in the order in which the calls end."""

    deployment_id: str
    against: str
    total: int
    by: str
    id: str = field(default_factory=lambda: f"rpl_{secrets.token_hex(8)}")
    status: ReplayStatus = ReplayStatus.RUNNING
    error: str | None = None
    started_at: datetime = field(default_factory=now)
    ended_at: datetime | None = None
    results: list[Replayed] = field(default_factory=list)

    @property
    def done(self) -> int:
        return len(self.results)

    @property
    def verdicts(self) -> Counter[ReplayVerdict]:
        return Counter(result.verdict for result in self.results)


class ReplayService:
    def __init__(
        self,
        database: Database,
        agents: AgentCatalog,
        calls: CallService,
        secrets: SecretVault,
        gateways: GatewayDirectory,
        scratch_revisions: ScratchRevisions,
    ) -> None:
        self._database = database
        self._agents = agents
        self._calls = calls
        self._secrets = secrets
        self._gateways = gateways
        self._scratch_revisions = scratch_revisions
        self._replays: dict[str, Replay] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def start(self, deployment: str, request: ReplayRequest, *, actor: Actor) -> Replay:
        """Begin in the background. Raises NotFound, InvalidInput, or Conflict while something else is under way."""
        target = await self._target(deployment, request, actor)
        calls = await self._chosen(target.deployment.id, request, actor)
        if self._running(target.deployment.id):
            raise Conflict(f"A replay of {target.deployment.name} is under way.", code="replay_under_way")
        replay = Replay(target.deployment.id, target.words, len(calls), actor.name)
        self._replays[replay.id] = replay
        self._forget_surplus()
        work = self._run(replay, target, calls, request.with_live)
        self._tasks[replay.id] = task = asyncio.create_task(work, name=f"replay {replay.id}")
        task.add_done_callback(lambda _: self._tasks.pop(replay.id))
        return replay

    async def get(self, deployment: str, replay_id: str, *, actor: Actor) -> Replay:
        """Raises NotFound, also for one whose results are no longer kept."""
        row = (await self._database.read(lambda session: read_replay_target(session, deployment, None))).deployment
        replay = self._replays.get(replay_id)
        if replay is None or replay.deployment_id != row.id:
            raise NotFound(
                f"There is no replay {replay_id[:80]!r}; only the last {MOST_KEPT} are kept, until a restart."
            )
        return replay

    async def wait(self, replay: Replay, seconds: float) -> Replay:
        if (task := self._tasks.get(replay.id)) and seconds > 0:
            await asyncio.wait([task], timeout=seconds)
        return replay

    async def cancel(self, deployment: str, replay_id: str, *, actor: Actor) -> Replay:
        """End one; what it has loaded takes no more calls when this returns."""
        replay = await self.get(deployment, replay_id, actor=actor)
        if task := self._tasks.get(replay.id):
            replay.error = CANCELLED
            task.cancel()
            await asyncio.wait([task])
        return replay

    async def close(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _running(self, deployment_id: str) -> bool:
        return any(self._replays[id_].deployment_id == deployment_id for id_ in self._tasks)

    def _forget_surplus(self) -> None:
        ended = [replay.id for replay in self._replays.values() if replay.status is not ReplayStatus.RUNNING]
        for replay_id in ended[: max(0, len(self._replays) - MOST_KEPT)]:
            del self._replays[replay_id]

    async def _target(self, deployment: str, request: ReplayRequest, actor: Actor) -> ReplayTarget:
        if request.revision is not None and (request.version is not None or request.options is not None):
            message = "choose a revision that there is, or a version and options, not both"
            raise InvalidInput("The target is not clear.", errors=[Fault("revision", message)])
        target = await self._database.read(lambda session: read_replay_target(session, deployment, request.revision))
        if request.version is None and request.options is None:
            return target
        version = await self._agents.version(target.deployment.agent_id, request.version, actor=actor)
        options = request.options or target.options
        await check_request(DeploymentRequest(version, options, "replay"), self._secrets)
        words = f"version {version.version}, as a redeploy would run it"
        return replace(target, version=version, options=options, is_live=False, words=words)

    async def _chosen(self, deployment_id: str, request: ReplayRequest, actor: Actor) -> list[RecordedRequest]:
        if request.calls:
            found = [await self._calls.get(deployment_id, call, actor=actor) for call in request.calls[:MOST_CALLS]]
            if altered := [call.id for call in found if not call.can_be_replayed]:
                message = f"the whole input of {', '.join(altered[:5])} is not kept as it was sent"
                raise InvalidInput("Not all of these calls can be made again.", errors=[Fault("calls", message)])
            return found
        found = await self._calls.replayable(deployment_id, max(1, min(request.last, MOST_CALLS)), actor=actor)
        if not found:
            message = (
                "No call is kept that could be made again. Redeploy with “Keep inputs”, and let some calls come in."
            )
            raise InvalidInput(message, code="nothing_to_replay")
        return found

    async def _run(self, replay: Replay, target: ReplayTarget, calls: list[RecordedRequest], with_live: bool) -> None:
        try:
            async with asyncio.timeout(MOST_SECONDS):
                with self._scratch_revisions.entered(target.deployment.id) as number:
                    await self._replay(replay, target, calls, with_live, number)
            replay.status = ReplayStatus.SUCCEEDED
        except StudioError as error:
            replay.status, replay.error = ReplayStatus.FAILED, error.message
        except TimeoutError:
            replay.status, replay.error = ReplayStatus.FAILED, f"It took longer than {MOST_SECONDS / 60:.0f} minutes."
        except asyncio.CancelledError:  # by a person, by an operation, or because we are stopping: it ends here
            replay.status, replay.error = ReplayStatus.CANCELLED, replay.error or GAVE_WAY
        except Exception as error:  # the task's boundary
            logger.exception("%s broke", replay.id)
            replay.status = ReplayStatus.FAILED
            replay.error = f"Something of ours broke ({type(error).__name__}). The log has the details."
        finally:
            replay.ended_at = now()

    async def _replay(
        self, replay: Replay, target: ReplayTarget, calls: list[RecordedRequest], with_live: bool, number: int
    ) -> None:
        await self._database.read(lambda session: require_idle(session, target.deployment.id))
        client = self._gateways.client(target.gateway)
        live = target.deployment.live_revision
        try:
            if target.is_live:
                number = live
            else:
                values = await self._secrets.values(secrets_needed(target.version, target.options))
                await client.load(target.deployment.id, bundle_of(target.as_revision(number), values))
            slots = asyncio.Semaphore(AT_ONCE)

            async def again(call: RecordedRequest, revision: int, which: str) -> ReplayedAnswer:
                inputs, seconds = json.loads(call.inputs), target.options.limits.timeout_seconds
                request_id = f"{replay.id}-{which}-{call.entry.id}"
                return await call_again(client, target.deployment.name, revision, inputs, request_id, seconds)

            async def one(call: RecordedRequest) -> None:
                async with slots:
                    beside = await again(call, live, "live") if with_live and not target.is_live else None
                    replay.results.append(compared(call, await again(call, number, "new"), beside))

            async with asyncio.TaskGroup() as group:
                for call in calls:
                    group.create_task(one(call))
        except* StudioError as errors:
            raise errors.exceptions[0] from None
        finally:
            if number != live:
                await client.unload(target.deployment.id, number)
