"""The world of a test as the data-plane clients of the SDK and our own gateways reach it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from infra.local.azure import ManualClock
from infra.local.azure.contoso import SUBSCRIPTION
from shared.gateways.connection import Connection
from tests.infra.local.azure.conftest import Azure


class Lab(Azure):
    """As `Azure`, with the app's own connection; a world that is opened again goes on with its clock."""

    def __init__(self, state: Path | None = None, clock: ManualClock | None = None):
        super().__init__(state, clock)
        self.connection = Connection(SUBSCRIPTION, endpoint=self.url, call_timeout=10)
        self.http = self.connection.http

    @property
    def sdk(self) -> dict[str, Any]:
        """What an SDK client is built with, besides its endpoint."""
        return {"credential": self.connection.credential, **self.connection.client_options}

    def close(self):
        self.http.close()
        if self.connection.transport.session is not None:
            self.connection.transport.session.close()
        super().close()


@contextmanager
def running(state: Path | None = None, clock: ManualClock | None = None) -> Iterator[Lab]:
    lab = Lab(state, clock)
    try:
        yield lab
    finally:
        lab.close()


@pytest.fixture
def lab() -> Iterator[Lab]:
    with running() as started:
        yield started
