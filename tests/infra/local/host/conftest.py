"""Hosts in processes of their own."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.infra.local.host.process import APPS, HostProcess

type StartHost = Callable[..., HostProcess]


@pytest.fixture(scope="module")
def durable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostProcess]:
    """One host with every durable feature, for a whole module."""
    host = HostProcess(APPS / "durable", tmp_path_factory.mktemp("durable")).start()
    yield host
    host.end()


@pytest.fixture
def start_host(tmp_path: Path) -> Iterator[StartHost]:
    """Starts hosts that end with the test; on the folder of an app, or on the source of one."""
    hosts: list[HostProcess] = []

    def start(app: Path | str, env: Mapping[str, str] | None = None) -> HostProcess:
        host = prepare(app, tmp_path, env)
        hosts.append(host)
        return host.start()

    yield start
    for host in hosts:
        host.end()


def prepare(app: Path | str, folder: Path, env: Mapping[str, str] | None = None) -> HostProcess:
    """A host that is not started yet."""
    if isinstance(app, str):
        source, app = app, folder / "app"
        app.mkdir(exist_ok=True)
        (app / "function_app.py").write_text(source)
        (app / "host.json").write_text('{"version": "2.0"}')
    return HostProcess(app, folder, env)
