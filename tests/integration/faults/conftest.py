"""One site for all tests of faults: each leaves the line whole, Nexdeck and the gateway running, names of its own."""

from collections.abc import Iterator

import pytest

from tests.integration.faults.site import Site, site


@pytest.fixture(scope="session")
def _the_site(tmp_path_factory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture
def place(_the_site: Site) -> Iterator[Site]:
    yield _the_site
    _the_site.proxy.end()
