"""What days cost, as Cost Management tells it."""

import pytest

from infra.local.azure import contoso
from infra.local.azure.core.clock import iso
from infra.local.azure.services.costs import DAILY

QUERY = f"/subscriptions/{contoso.SUBSCRIPTION}/providers/Microsoft.CostManagement/query"
DAY = 86_400


def ask(azure, *, days, granularity="Daily", grouping=("ServiceName",), ending=0.0):
    now = azure.clock.now() - ending * DAY
    period = {"from": iso(now - days * DAY)[:19] + "Z", "to": iso(now)[:19] + "Z"}
    dataset = {
        "granularity": granularity,
        "aggregation": {"totalCost": {"name": "PreTaxCost", "function": "Sum"}},
        "grouping": [{"type": "Dimension", "name": name} for name in grouping],
    }
    body = {"type": "ActualCost", "timeframe": "Custom", "timePeriod": period, "dataset": dataset}
    return azure.arm("POST", QUERY, body)


def by_day(answer):
    days = {}
    for cost, day, *_ in answer.json()["properties"]["rows"]:
        days[day] = days.get(day, 0) + cost
    return [days[day] for day in sorted(days)]


def test_days_cost_about_the_same(azure):
    answer = ask(azure, days=14, ending=1)
    names = [one["name"] for one in answer.json()["properties"]["columns"]]
    assert names == ["PreTaxCost", "UsageDate", "ServiceName", "Currency"]
    days = by_day(answer)
    assert len(days) == 15
    assert all(0.9 < day / sum(DAILY.values()) < 1.1 for day in days)
    assert by_day(ask(azure, days=14, ending=1)) == days, "what was spent does not change"


def test_a_spike_makes_a_day_dearer_and_the_days_before_stay(azure):
    before = by_day(ask(azure, days=7, ending=1))
    azure.advance(DAY)
    azure.fault("cost_spike", "Azure OpenAI", factor=5)
    azure.advance(DAY)
    days = by_day(ask(azure, days=9, ending=1))
    assert days[:-2] == before
    assert days[-1] > 1.5 * sum(before) / len(before)
    rows = ask(azure, days=0, ending=1).json()["properties"]["rows"]
    assert max(rows)[2] == "Azure OpenAI"


def test_a_total_has_no_days(azure):
    answer = ask(azure, days=6, ending=1, granularity="None", grouping=()).json()["properties"]
    assert [one["name"] for one in answer["columns"]] == ["PreTaxCost", "Currency"]
    ((cost, currency),) = answer["rows"]
    assert currency == "USD"
    assert cost == pytest.approx(7 * sum(DAILY.values()), rel=0.1)


def test_what_makes_no_sense_is_refused(azure):
    assert azure.arm("POST", QUERY, {}).status_code == 400
    assert ask(azure, days=1000).status_code == 400
    assert ask(azure, days=1, grouping=("Weather",)).status_code == 400
