"""What days cost, through Azure Resource Manager as it answers: page by page, and four times a minute."""

from datetime import date, timedelta

import pytest

from infra.local.azure.services import costs
from shared.errors import AzureCallFailed
from tests.shared.actions.stage import Stage


def days(stage: Stage, count: int) -> tuple[str, date, date]:
    last = stage.now.date() - timedelta(days=1)
    return stage.estate.subscription_id, last - timedelta(days=count - 1), last


def test_each_service_is_told_with_its_own_sum(stage: Stage) -> None:
    one = stage.azure.costs.by_service(*days(stage, 1))
    ten = stage.azure.costs.by_service(*days(stage, 10))
    assert one.currency == ten.currency == "USD"
    assert set(one.services) == set(costs.DAILY)
    for name, ordinary in costs.DAILY.items():
        assert one.services[name] == pytest.approx(ordinary, rel=0.06)
        assert ten.services[name] == pytest.approx(10 * ordinary, rel=0.06)


def test_every_page_is_read(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = stage.azure.costs.by_service(*days(stage, 3))
    monkeypatch.setattr(costs, "PAGE", 2)
    assert stage.azure.costs.by_service(*days(stage, 3)) == whole


def test_who_asks_too_often_is_told_how_long_to_wait(stage: Stage) -> None:
    for _ in range(4):
        stage.azure.costs.by_service(*days(stage, 1))
        stage.lab.advance(5)
    with pytest.raises(AzureCallFailed) as refused:
        stage.azure.costs.by_service(*days(stage, 1))
    assert (refused.value.status, refused.value.retryable) == (429, True)
    assert refused.value.retry_after is not None
    assert 35 <= refused.value.retry_after <= 42
    stage.lab.advance(refused.value.retry_after)
    stage.azure.costs.by_service(*days(stage, 1))
