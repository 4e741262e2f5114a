"""What the proofs over whole runs share: a run that nothing disturbs to compare with, and two at a time."""

from collections import Counter, defaultdict
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Any

import pytest

from tests.e2e.playing import playing

type Undisturbed = Callable[[str], Counter[str]]

SIDE_BY_SIDE = pytest.StashKey[dict[str, Future[None]]]()
POOL = pytest.StashKey[ThreadPoolExecutor]()


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """What a plan does to Azure: every effect, and how often."""
    known: dict[str, Counter[str]] = {}
    one_at_a_time: dict[str, Lock] = defaultdict(Lock)

    def of(plan: str) -> Counter[str]:
        with one_at_a_time[plan]:
            if plan not in known:
                with playing(tmp_path_factory.mktemp("undisturbed"), plan) as play:
                    record = play.ended(play.start(), seconds=120)
                    play.check_cured(record, done := play.effects())
                    known[plan] = done
            return known[plan]

    return of


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Tests that are marked `side_by_side` mostly wait for a host or for Azure: a module's run two at a time."""
    if pyfuncitem.get_closest_marker("side_by_side") is None:
        return None
    session = pyfuncitem.session
    under_way = session.stash.setdefault(SIDE_BY_SIDE, {})
    if pyfuncitem.nodeid not in under_way:
        pool = session.stash.setdefault(POOL, ThreadPoolExecutor(2))
        siblings = [item for item in session.items if item.path == pyfuncitem.path]
        for number, item in enumerate(siblings):
            assert isinstance(item, pytest.Function)
            given: dict[str, Any] = {
                **pyfuncitem.funcargs,
                "tmp_path": pyfuncitem.funcargs["tmp_path"] / str(number),
                **item.callspec.params,
            }
            wanted = {name: given[name] for name in item._fixtureinfo.argnames}
            under_way[item.nodeid] = pool.submit(item.obj, **wanted)
    under_way[pyfuncitem.nodeid].result()
    return True


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None]:
    """Nothing of a run that was broken off goes on."""
    if POOL in session.stash:
        session.stash[POOL].shutdown(cancel_futures=True)
    yield
