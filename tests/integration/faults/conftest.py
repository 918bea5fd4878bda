"""One site for all tests of faults: each leaves the line whole, Nexdeck and the gateway running, names of its own."""

from collections.abc import Iterator

import pytest

from tests.integration.faults.site import Site, site


@pytest.fixture(scope="session")
def place(tmp_path_factory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture(autouse=True)
def _the_line_is_whole_again(place: Site) -> Iterator[None]:
    yield
    place.proxy.end()
