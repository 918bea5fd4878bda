"""After a restart: what was live before is live again."""

import asyncio

import anyio.to_thread

from nexdeck.app.gateway.ground.store import BundleStore
from nexdeck.app.gateway.serving.host import Host
from nexdeck.models.manifest import RevisionBundle

AT_ONCE = 4


async def restore(host: Host, store: BundleStore) -> None:
    """Load what the store holds. A bundle that does not load is reported in its state and stops no other."""
    stored = await anyio.to_thread.run_sync(lambda: list(store.all()))
    for item in stored:
        host.expect(item)
    turns = asyncio.Semaphore(AT_ONCE)

    async def bring_back(deployment_id: str, bundle: RevisionBundle) -> None:
        async with turns:
            await host.bring_back(deployment_id, bundle)

    await asyncio.gather(*(bring_back(item.deployment_id, item.bundle) for item in stored if item.bundle is not None))
    host.become_ready()
