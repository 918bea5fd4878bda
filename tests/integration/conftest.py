"""A real Nexdeck for the integration tests: its own process, its own data folder, with its local gateway beside it."""

import signal
from collections.abc import Iterator

import httpx
import pytest

from tests.programs import Studio, running_studio

# A shell without job control starts background jobs with SIGINT ignored, and their children inherit that: the commands
# that are interrupted here would never notice.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """One for all tests of the session: give agents and deployments names of your own, and leave nothing behind."""
    with running_studio(tmp_path_factory.mktemp("studio")) as running:
        yield running


@pytest.fixture
def rest(studio: Studio) -> Iterator[httpx.Client]:
    """A client whose base is ``/api/v1``."""
    with studio.rest() as client:
        yield client
