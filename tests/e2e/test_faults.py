"""Every write of every plan goes wrong once, in each way that Azure knows, and the end is the same."""

from collections import Counter
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.azure import AzureThread
from tests.e2e.plans import FIRST, PLANS, proof
from tests.e2e.playing import playing, undisturbed

pytestmark = pytest.mark.side_by_side

FAULTS: dict[str, dict[str, Any]] = {
    "ack_lost": {},
    "throttle": {"retry_after": 1},
    "error": {"status": 500},
    "slow": {"seconds": 60.0},
}


def disturb(azure: AzureThread, kinds: tuple[str, ...], expected: Counter[str]) -> None:
    """One fault for each write of the run, the kinds in turn.

    A write takes the first fault that matches it, so those that match little come before those that match much.
    """
    wanted: list[tuple[str, str, str, str]] = []
    for effect, kind in zip(sorted(expected), cycle(kinds)):
        method, url = effect.split(" ", 1)
        host, _, path = url.partition("/")
        host, fragment = (max(text.split("*"), key=len) for text in (host, "/" + path))
        wanted.append((fragment, host, method, kind))
    for fragment, host, method, kind in sorted(wanted, key=lambda one: -len(one[0])):
        match = {"method": method, "path": fragment, "writes": True}
        azure.do(
            lambda kind=kind, host=host, match=match: azure.world.faults.inject(
                kind, host, count=1, match=match, **FAULTS[kind]
            )
        )


def faults(azure: AzureThread, kind: str) -> list[dict[str, Any]]:
    return azure.do(lambda: azure.world.faults.history(kind))


LONGEST = {"data_corruption", "dr_drill", "landing_zone_failback", "region_failback", "security_breach"}
"""`make crash` holds these: each takes most of a minute."""
CASES = [
    *(proof(plan, tuple(FAULTS), when=plan not in LONGEST) for plan in PLANS if plan != FIRST),
    *(proof(plan, (kind,), when=plan == FIRST) for plan in PLANS for kind in FAULTS),
]
"""Each kind of fault on every write: for the first plan always, for others the kinds in turn, and each by `make crash`."""


@pytest.mark.parametrize(("plan", "kinds"), CASES)
def test_every_write_goes_wrong_once(tmp_path: Path, plan: str, kinds: tuple[str, ...]) -> None:
    expected = undisturbed(plan)
    with playing(tmp_path, plan) as play:
        disturb(play.azure, kinds, expected)
        record = play.ended(play.start(), seconds=150)
        play.check_cured(record, expected)
        hits = sum(fault["hits"] for kind in kinds for fault in faults(play.azure, kind))
        assert hits == len(expected), f"{hits} of {len(expected)} writes went wrong"
        if set(kinds) <= {"throttle", "error"}:
            # In turn they may all strike steps of many writes, which go on with those that get through.
            assert sum(step["attempts"] for step in record["steps"]) > len(record["steps"])
