"""One simulated Azure and one host for all tests that kill nothing."""

from collections.abc import Iterator

import pytest

from tests.orchestrations.machine import AzureProcess, Machine, running


@pytest.fixture(scope="session")
def azure() -> Iterator[AzureProcess]:
    process = AzureProcess()
    yield process
    process.close()


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory, azure: AzureProcess) -> Iterator[Machine]:
    with running(tmp_path_factory.mktemp("machine"), azure) as machine:
        yield machine
