"""The live bundle of each deployment, on disk, so that a gateway comes back by itself after any kind of end.

One file for each deployment. A file is written beside its place, flushed and then renamed, so a reader finds the old
bundle or the new one, never half of one. Files hold secret values: only the owner may read them.
"""

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

import portalocker
from pydantic import BaseModel, ValidationError

from nexdeck.app.gateway.ground.problems import GatewayProblem
from nexdeck.models.manifest import RevisionBundle

ID_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_SUFFIX = ".json"


class DataDirInUse(Exception):
    """Another gateway holds the lock of the data folder."""


class StoredBundle(BaseModel):
    """A file of the store."""

    deployment_id: str
    bundle: RevisionBundle | None = None  # None where it could not be read
    error: str | None = None  # why it could not be read


class BundleStore:
    """Blocking calls: use them in a thread. Holds the folder's lock until ``close``."""

    def __init__(self, data_dir: Path) -> None:
        """Raises OSError when the folder cannot be written, DataDirInUse when another gateway has it."""
        self._folder = data_dir / "deployments"
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = portalocker.Lock(
            data_dir / "gateway.lock", "a", timeout=0, flags=portalocker.LOCK_EX | portalocker.LOCK_NB
        )
        try:
            self._lock.acquire()
        except portalocker.LockException as error:
            raise DataDirInUse(str(data_dir)) from error
        for leftover in self._folder.glob("*.writing"):
            leftover.unlink(missing_ok=True)

    def close(self) -> None:
        self._lock.release()

    def save(self, deployment_id: str, bundle: RevisionBundle) -> None:
        """Raises GatewayProblem ``storage_failed``; what was stored before is stored still."""
        place = self._file(deployment_id)
        beside = place.with_suffix(".writing")
        try:
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(bundle.model_dump_json())
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, place)
        except OSError as error:
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)
            raise _not_stored(error) from error
        self._flush_folder()

    def forget(self, deployment_id: str) -> None:
        """Raises GatewayProblem ``storage_failed``; the file is there still."""
        try:
            self._file(deployment_id).unlink(missing_ok=True)
        except OSError as error:
            raise _not_stored(error) from error
        self._flush_folder()

    def all(self) -> Iterator[StoredBundle]:
        for file in sorted(self._folder.glob(f"*{_SUFFIX}")):
            try:
                bundle = RevisionBundle.model_validate_json(file.read_bytes())
            except (OSError, ValidationError):  # the file holds secrets: its text must not get into the error
                yield StoredBundle(deployment_id=file.stem, error="its stored bundle cannot be read; deploy it again")
            else:
                yield StoredBundle(deployment_id=file.stem, bundle=bundle)

    def _file(self, deployment_id: str) -> Path:
        if not ID_PATTERN.fullmatch(deployment_id):
            raise ValueError(f"not a deployment id: {deployment_id!r}")
        return self._folder / (deployment_id + _SUFFIX)

    def _flush_folder(self) -> None:
        """Make a rename durable, where the platform can (Windows cannot open a folder)."""
        with contextlib.suppress(OSError):
            descriptor = os.open(self._folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def _not_stored(error: OSError) -> GatewayProblem:
    detail = f"The gateway could not write to its data folder: {error.strerror}. Nothing was changed."
    return GatewayProblem(507, "storage_failed", detail)
