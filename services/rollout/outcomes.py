"""Brings each change of a deployment on its gateway to a known end.

A control call may be cut off after the work was done, answered late, or answered with rubbish. What became of it is
then read back from the gateway's state: what is there is adopted, what is not there is asked for again, until whoever
waits for it gives up. Every control call is idempotent by deployment, revision and hash, and a gateway does one change
of a deployment at a time, so asking again never does anything twice.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

from nexdeck.models.control import CanaryRequest, DeploymentState, GatewayState, LiveRequest
from nexdeck.models.gateway import Gateway, GatewayKind
from nexdeck.models.manifest import RevisionBundle
from nexdeck.services.errors import (
    GatewayError,
    GatewayRefused,
    GatewayUnreachable,
    OutcomeUnknown,
    RevisionLost,
    TokenRefused,
)
from nexdeck.services.gateways.answers import COMING_UP
from nexdeck.services.gateways.client import GatewayClient

PASSING = {"storage_failed", *COMING_UP}  # verdicts of a gateway that may be others in a moment
LOST = {"not_deployed", "revision_not_loaded"}  # what it says of a revision that it has been given before
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0  # seconds between two attempts
READY_SECONDS = 15.0  # in which a gateway of our own comes up
FIRST_PATIENCE = 8.0  # seconds before the gateway is asked whether it knows of a call that is not answered yet

_Answer = TypeVar("_Answer")
_Held = DeploymentState | None
OnMessage = Callable[[str], Awaitable[None]]


class ConfirmedGateway:
    """One deployment on its gateway. Nothing here gives up by itself: bound it with a timeout.

    ``remark`` is told, in plain words, what is being waited for.
    """

    def __init__(self, client: GatewayClient, deployment_id: str, remark: OnMessage) -> None:
        self._client = client
        self._deployment_id = deployment_id
        self._remark = remark

    async def load(self, bundle: RevisionBundle) -> None:
        """Raises ArtifactRejected and other verdicts of the gateway."""
        number, sha256 = bundle.revision, bundle.sha256
        await self._settle(
            lambda: self._client.load(self._deployment_id, bundle), lambda held: holds(held, number, sha256)
        )

    async def go_live(self, request: LiveRequest) -> DeploymentState:
        """Raises RevisionLost when the gateway has to be given the revision again, and verdicts of the gateway."""
        number, sha256 = request.revision, request.sha256
        try:
            return await self._settle(
                lambda: self._client.go_live(self._deployment_id, request), lambda held: serves(held, number, sha256)
            )
        except GatewayError as verdict:
            if verdict.code in LOST:
                raise lost(number) from verdict
            raise

    async def give_share(self, request: CanaryRequest) -> None:
        """A gateway that cannot be reached deals out the calls as it did. Raises as ``go_live``."""
        try:
            await self._client.set_canary(self._deployment_id, request)
        except GatewayUnreachable as error:
            await self._remark(error.message)
        except GatewayError as verdict:
            if verdict.code in PASSING:
                return
            if verdict.code in LOST | {"nothing_to_share"}:
                await self.held()  # only then has it restored what is live
                raise lost(request.revision) from verdict
            raise

    async def remove(self) -> None:
        await self._settle(lambda: self._client.remove(self._deployment_id), lambda held: held is None)

    async def prove(self, attempt: Callable[[], Awaitable[str]], number: int, sha256: str) -> str:
        """What the attempt says once its call was answered. One that was lost on its way is made again.

        Raises RevisionLost, and ProofFailed where the answer is not what it must be.
        """
        patience = FIRST_PATIENCE
        for pause in _pauses():
            try:
                return await self._attempt(attempt, number, patience)
            except GatewayUnreachable as error:
                await self._remark(f"{error.message} The proof is made again.")
                if not holds(await self.held(), number, sha256):
                    raise lost(number) from error
            except GatewayError as verdict:
                if verdict.code in LOST:
                    raise lost(number) from verdict
                if verdict.code not in PASSING:
                    raise
            patience *= 2
            await asyncio.sleep(pause)
        raise AssertionError("there is always a next pause")

    async def held(self) -> DeploymentState | None:
        """What the gateway holds of the deployment, as soon as it tells."""
        for pause in _pauses():
            try:
                state = await self._client.state()
            except (GatewayUnreachable, GatewayRefused) as error:
                await self._remark(f"{error.message} Its state is read again as soon as it answers.")
            else:
                if state.ready:
                    return next((d for d in state.deployments if d.deployment_id == self._deployment_id), None)
                await self._remark("The gateway is restoring what it had.")
            await asyncio.sleep(pause)
        raise AssertionError("there is always a next pause")

    async def _attempt(self, attempt: Callable[[], Awaitable[str]], number: int, patience: float) -> str:
        """A call may take as long as its agent's limits allow, as long as the gateway knows of it."""
        call = asyncio.ensure_future(attempt())
        try:
            while not (await asyncio.wait([call], timeout=patience))[0]:
                held = await self.held()
                revisions = [*held.loaded, held.live] if held else []
                if not call.done() and not any(r.in_flight for r in revisions if r and r.revision == number):
                    raise GatewayUnreachable(f"After {patience:g} s the gateway knows nothing of the call.")
            return call.result()
        finally:
            call.cancel()
            await asyncio.wait([call])

    async def _settle(
        self, send: Callable[[], Awaitable[_Answer]], is_done: Callable[[_Held], bool]
    ) -> _Answer | _Held:
        """What the gateway answered, or what it was found to hold."""
        for pause in _pauses():
            try:
                return await send()
            except GatewayUnreachable as error:
                await self._remark(f"{error.message} What became of it is read back.")
                if is_done(held := await self.held()):
                    return held
            except GatewayError as verdict:
                if verdict.code not in PASSING:
                    raise
                await self._remark(f"{verdict.message} It is tried again.")
            await asyncio.sleep(pause)
        raise AssertionError("there is always a next pause")


def lost(number: int) -> RevisionLost:
    return RevisionLost(f"The gateway was started anew and lost revision {number}.")


async def ready(client: GatewayClient, gateway: Gateway, remark: OnMessage) -> GatewayState:
    """The gateway's state once it has restored what it had; one of our own may be on its way up.

    Raises TokenRefused, and GatewayUnreachable when there is no connection: at once for a remote gateway, after a while
    for a local one. One that is connected to and does not answer is waited for, as is one that answers rubbish; raises
    GatewayRefused if it never answered anything else.
    """
    patience = READY_SECONDS if gateway.kind is GatewayKind.LOCAL else 0.0
    loop = asyncio.get_running_loop()
    began = loop.time()
    while True:
        try:
            state = await client.state()
        except TokenRefused:
            raise
        except (GatewayUnreachable, GatewayRefused) as error:
            if isinstance(error, GatewayRefused) and gateway.last_seen_at is None:
                raise  # it never was a gateway
            if not isinstance(error, OutcomeUnknown | GatewayRefused) and loop.time() - began >= patience:
                raise
            await remark(error.message)
        else:
            if state.ready:
                return state
            await remark(f"The gateway {gateway.name} is restoring what it had.")
        await asyncio.sleep(FIRST_PAUSE)


def holds(held: DeploymentState | None, number: int, sha256: str) -> bool:
    """Whether the revision is there, live or beside what is live."""
    present = [*held.loaded, *([held.live] if held.live else [])] if held else []
    return (number, sha256) in [(revision.revision, revision.sha256) for revision in present]


def serves(held: DeploymentState | None, number: int, sha256: str) -> bool:
    return held is not None and held.live is not None and (held.live.revision, held.live.sha256) == (number, sha256)


def _pauses() -> Iterator[float]:
    pause = FIRST_PAUSE
    while True:
        yield pause
        pause = min(pause * 2, LONGEST_PAUSE)
