"""One real gateway for all tests that do not end it, and a real model server that it may reach."""

from collections.abc import Iterator

import pytest

from tests.fake_llm import fake_model
from tests.gateway_process import GatewayProcess, gateway_process


@pytest.fixture(scope="session")
def model() -> Iterator[str]:
    with fake_model(delay=0.2) as url:
        yield url


@pytest.fixture(scope="session")
def gateway(tmp_path_factory, model) -> Iterator[GatewayProcess]:
    options = ("--llm-allowed-hosts", model.removeprefix("http://"), "--llm-prices", "fake-model=100/1000")
    with gateway_process(tmp_path_factory.mktemp("gateway"), *options) as running:
        yield running


@pytest.fixture
def own_gateway(tmp_path) -> Iterator[GatewayProcess]:
    """A gateway that a test may end."""
    with gateway_process(tmp_path / "own") as running:
        yield running
