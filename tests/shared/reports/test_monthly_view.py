"""What the operations report decides to say, before any form is given to it."""

import pytest

from shared.model.severity import Severity
from shared.reports.monthly.parts import Table
from shared.reports.monthly.view import monthly_view
from shared.reports.monthly_report import html
from tests.shared.reports import monthly_samples as samples
from tests.shared.reports.reading import page


def table(name: str) -> Table:
    """The first table of a section of the bad month."""
    return next(one for one in monthly_view(samples.bad()).sections if one.name == name).tables[0]


def test_what_could_not_be_read_is_never_told_as_none():
    view = monthly_view(samples.unread())
    assert [tile.value for tile in view.tiles if tile.name != "Cost"] == ["not read"] * 5
    parts = {section.name: section for section in view.sections}
    assert all(parts[name].tables == () for name in ("levels", "runs", "readiness", "incidents", "security"))
    assert {fact.value for fact in parts["security"].facts} == {"could not be read"}
    assert "unknown" not in {section.name for section in monthly_view(samples.good()).sections}


@pytest.mark.parametrize(
    "part", ["tenants", "outside", "days", "runs", "incidents", "alerts", "costs", "readiness"]
)
def test_a_month_is_never_good_while_a_part_could_not_be_read(part: str):
    gone = {"readiness": None, "trend": None} if part == "readiness" else {part: None}
    view = monthly_view(samples.good().model_copy(update=gone))
    assert view.tone == "waiting"
    assert "could not be read" in view.headline
    assert monthly_view(samples.good()).tone == "good"


def test_a_month_without_a_readiness_check_says_that_nobody_knows():
    view = monthly_view(samples.good().model_copy(update={"readiness": None, "trend": ()}))
    assert view.tone == "bad"
    assert "nobody knows whether the recovery plans would work" in view.headline
    (section,) = (one for one in view.sections if one.name == "readiness")
    assert section.says[0].startswith("No readiness check of this month is kept")


def test_the_worst_of_the_month_gives_its_tone():
    assert monthly_view(samples.bad()).tone == "bad"
    risky = samples.good().model_copy(
        update={
            "readiness": samples.readiness(samples.plan("ransomware", 70), samples.plan("storage_outage", 80))
        }
    )
    view = monthly_view(risky)
    assert (view.headline, view.tone) == (
        "Tenants got what they are promised; 2 recovery plans are at risk.",
        "waiting",
    )


def test_tests_from_outside_speak_where_no_request_arrived():
    month = samples.good().model_copy(update={"tenants": (), "outside": samples.bad().outside})
    view = monthly_view(month)
    assert view.headline.startswith("Tests from outside were answered less than tenants are promised, but")
    assert view.tone == "bad"


def test_a_tenant_just_below_its_target_has_missed_it():
    tenant = samples.TenantMonth(tenant="contoso", requests=1_000_000, failed=1_001, p50_ms=1, p95_ms=2_000)
    shown = page(html(samples.report(tenants=(tenant,)))).text
    assert "99.89 % missed 101 % 1 ms 2,000 ms met" in shown
    exact = tenant.model_copy(update={"failed": 1_000})
    assert "99.90 % met 100 %" in page(html(samples.report(tenants=(exact,)))).text


def test_the_incidents_that_are_shown_are_the_most_severe():
    section = next(one for one in monthly_view(samples.big()).sections if one.name == "incidents")
    (table,) = section.tables
    assert len(table.rows) == 50
    assert {row[1].text for row in table.rows} == {"Critical"}
    assert "100 critical, 100 high, 100 medium, 100 low, 100 informational" in section.facts[0].value


def test_none_acknowledged_is_said():
    alone = samples.incident(1, "High latency", Severity.HIGH, acknowledged_at=None)
    shown = page(html(samples.report(incidents=(alone,)))).text
    assert "none was acknowledged" in shown
    assert "never" in shown


def test_what_is_worst_stands_first():
    assert [row[0].text for row in table("levels").rows] == ["tailspin", "contoso", "fabrikam", "wingtip"]
    assert [row[0].text for row in table("readiness").rows][:3] == [
        "region_outage",
        "ransomware",
        "cosmos_db_outage",
    ]
    assert [row[0].text for row in table("needs").rows][::10] == ["Critical", "Medium"]
    assert [row[0].text for row in table("costs").rows][:2] == ["Azure OpenAI", "Azure Cosmos DB"]


def test_only_a_service_that_became_much_dearer_is_marked():
    assert [row[0].text for row in table("costs").rows if row[3].tone] == ["Bandwidth"]
    assert {row[0].text: row[3].text for row in table("costs").rows}["Azure Front Door"] == "not known"
