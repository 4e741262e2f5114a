"""A recovery that nothing disturbs, once for all tests that compare with it."""

from collections import Counter

import pytest

from tests.e2e.effects import effects
from tests.e2e.outage import outage


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Counter[str]:
    """What it does to Azure: every effect, and how often."""
    with outage(tmp_path_factory.mktemp("undisturbed")) as (azure, machine):
        run_id = machine.start_recovery(mode="real")
        machine.approve(run_id)
        record = machine.wait_until_over(run_id, seconds=60)
        assert record["status"] == "succeeded", record
        return effects(azure.ledger())
