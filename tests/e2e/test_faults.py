"""Every write of a recovery goes wrong once, in each way that Azure knows, and the end is the same."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.azure import AzureThread
from tests.e2e.outage import check_recovered, outage

FAULTS: dict[str, dict[str, Any]] = {
    "ack_lost": {},
    "throttle": {"retry_after": 1},
    "error": {"status": 500},
    "slow": {"seconds": 60.0},
}


def disturb(azure: AzureThread, kind: str, undisturbed: Counter[str]) -> int:
    """One fault for each write of the recovery; how many there are."""
    for effect in undisturbed:
        method, url = effect.split(" ", 1)
        host, _, path = url.partition("/")
        fragment = max(("/" + path).split("*"), key=len)
        match = {"method": method, "path": fragment, "writes": True}
        azure.do(
            lambda host=host, match=match: azure.world.faults.inject(
                kind, host, count=1, match=match, **FAULTS[kind]
            )
        )
    return len(undisturbed)


@pytest.mark.parametrize("kind", FAULTS)
def test_every_write_goes_wrong_once(tmp_path: Path, kind: str, undisturbed: Counter[str]) -> None:
    with outage(tmp_path) as (azure, machine):
        count = disturb(azure, kind, undisturbed)
        run_id = machine.start_recovery(mode="real")
        machine.approve(run_id)
        record = machine.wait_until_over(run_id, seconds=150)
        check_recovered(record, azure, undisturbed)
        hits = [fault["hits"] for fault in azure.do(lambda: azure.world.faults.history(kind))]
        assert sum(hits) == count, f"{sum(hits)} of {count} writes went wrong"
        if kind in {"throttle", "error"}:
            assert sum(step["attempts"] for step in record["steps"]) > len(record["steps"])
