"""Runs the proofs over whole runs two at a time, because they mostly wait for a host or for Azure."""

from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

UNDER_WAY = pytest.StashKey[dict[str, Future[None]]]()
POOL = pytest.StashKey[ThreadPoolExecutor]()


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """With the first test of a module that is marked `side_by_side` all others of it begin too, two at a time.

    Such a test takes its parameters and `tmp_path`, nothing else, and runs on a thread of its own.
    """
    if pyfuncitem.get_closest_marker("side_by_side") is None:
        return None
    session = pyfuncitem.session
    under_way = session.stash.setdefault(UNDER_WAY, {})
    if pyfuncitem.nodeid not in under_way:
        pool = session.stash.setdefault(POOL, ThreadPoolExecutor(2))
        siblings = [item for item in session.items if item.path == pyfuncitem.path]
        for number, item in enumerate(siblings):
            assert isinstance(item, pytest.Function)
            folder = pyfuncitem.funcargs["tmp_path"] / str(number)
            under_way[item.nodeid] = pool.submit(item.obj, tmp_path=folder, **item.callspec.params)
    under_way[pyfuncitem.nodeid].result()
    return True


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None]:
    """Nothing of a run that was broken off goes on."""
    if POOL in session.stash:
        session.stash[POOL].shutdown(cancel_futures=True)
    yield
