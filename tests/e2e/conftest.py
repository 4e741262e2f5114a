"""A run that nothing disturbs, once a plan for all tests that compare with it."""

from collections import Counter
from collections.abc import Callable
from functools import cache

import pytest

from tests.e2e.playing import playing

type Undisturbed = Callable[[str], Counter[str]]


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """What a plan does to Azure: every effect, and how often."""

    @cache
    def of(plan: str) -> Counter[str]:
        with playing(tmp_path_factory.mktemp("undisturbed"), plan) as play:
            record = play.ended(play.start(), seconds=120)
            play.check_cured(record, done := play.effects())
            return done

    return of
