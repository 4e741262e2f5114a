"""Every action is tested with the real SDK clients against a simulated Azure of its own."""

from collections.abc import Iterator

import pytest

from tests.shared.actions.stage import Stage, open_stage


@pytest.fixture
def stage() -> Iterator[Stage]:
    with open_stage() as opened:
        yield opened
