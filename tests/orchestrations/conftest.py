"""One simulated Azure and one host for all tests that kill nothing."""

from collections.abc import Iterator

import pytest

from tests.orchestrations.machine import AzureThread, Machine, running


@pytest.fixture(scope="session")
def azure() -> Iterator[AzureThread]:
    thread = AzureThread()
    yield thread
    thread.stop()


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory, azure: AzureThread) -> Iterator[Machine]:
    with running(tmp_path_factory.mktemp("machine"), azure) as machine:
        yield machine
