"""The month's report says what the world was like, and is made even where a part of it cannot be read."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from shared.actions.maintenance.generate_monthly_report import generate_monthly_report
from shared.actions.month import kept
from shared.actions.readiness.check_readiness import check_readiness
from shared.model.alert import Alert
from shared.model.incident import Incident, IncidentState
from shared.model.monthly import MonthlyReport
from shared.model.plan import Step
from shared.model.run import RunRecord
from shared.model.severity import Severity
from shared.plans.readiness import plans_to_check
from tests.shared.actions.stage import Done, Stage, StepFailed, contoso
from tests.shared.reports import samples
from tests.shared.reports.reading import pdf_text

ACCOUNT, RECORDS = "stfasops", "foundry-ops-records"
FOLDER = f"{ACCOUNT}/{RECORDS}/reports"
THIS, LAST = "2026-01", "2025-12"


def generate(month: str | None = THIS) -> Step:
    return generate_monthly_report.step(month=month)


def begun(at: datetime | None = None) -> RunRecord:
    return samples.maintenance().model_copy(update={"started_at": at or datetime(2026, 1, 1, 1, tzinfo=UTC)})


def made(
    stage: Stage, month: str | None = THIS, record: RunRecord | None = None
) -> tuple[MonthlyReport, Done]:
    done = stage.carry_out(generate(month), record=record or begun())
    report = kept(stage.estate, stage.azure, done.outcome.evidence["month"])
    assert report is not None
    return report, done


def keep(stage: Stage, name: str, content: RunRecord | Incident) -> None:
    platform = contoso().platform
    text = json.dumps(content.to_wire()).encode()
    stage.azure.blobs.write(
        platform.records_account_url, platform.records_container, name, text, "application/json"
    )


def closed(at: datetime) -> Incident:
    alert = Alert(
        id="a1",
        rule="HighErrorRate",
        severity=Severity.HIGH,
        condition="fired",
        fired_at=at - timedelta(minutes=20),
        resources=(),
        dimensions={},
    )
    return Incident(
        id="inc-1",
        alert=alert,
        opened_at=alert.fired_at,
        state=IncidentState.CLOSED,
        closed_at=at,
        tenant="contoso",
    )


def test_it_is_kept_as_a_page_a_document_and_data_and_made_again_it_is_the_new_one(stage: Stage) -> None:
    stage.lab.advance(60)
    stage.from_now()
    first, _ = made(stage)
    stage.lab.advance(600)
    again, _ = made(stage)
    assert again.made_at > first.made_at
    files = {name for name in stage.truth["blobs"] if name.startswith(FOLDER)}
    assert files == {f"{FOLDER}/{THIS}/report.{kind}" for kind in ("html", "json", "pdf")}
    assert {entry["host"] for entry in stage.writes} == {"stfasops.blob.core.windows.net"}


def test_tenants_get_what_they_got(stage: Stage) -> None:
    stage.lab.advance(300)
    stage.lab.fault("endpoint_down", "ca-agent-service", cured_by="restart")
    stage.lab.fault("boundary_violation", "fabrikam")
    stage.lab.advance(600)
    report, done = made(stage)
    assert not report.whole
    assert (report.since, report.made_at) == (datetime(2025, 12, 31, 15, tzinfo=UTC), stage.now)
    tenants = {one.tenant: one for one in report.tenants or ()}
    assert set(tenants) == {"contoso", "fabrikam"}
    for one in tenants.values():
        assert one.requests == pytest.approx(5 * (9 * 3600 + 900), rel=0.02)
        assert one.failed == pytest.approx(5 * 600, rel=0.1)
        assert one.p95_ms is not None
        assert 500 < one.p95_ms < 2000
    assert tenants["fabrikam"].violations == 30
    assert tenants["contoso"].violations == 0
    assert sum(day.requests for day in report.days or ()) == sum(one.requests for one in tenants.values())
    assert {one.test for one in report.outside or ()} == {"fas-front-door", "ml-inference"}
    titles = [one.title for one in done.outcome.findings]
    assert titles[0] == "fabrikam reached for another tenant's data 30 times"
    assert any(title.startswith("contoso was answered 9") for title in titles)


def test_a_month_that_is_over_is_the_one_that_is_reported_on(stage: Stage) -> None:
    stage.lab.advance(60)
    report, done = made(stage, None)
    assert (report.month, report.whole) == (LAST, True)
    assert done.outcome.evidence["kept"] == [
        f"reports/{LAST}/report.{kind}" for kind in ("html", "pdf", "json")
    ]
    # 31 days of 5 requests a second.
    assert {one.requests for one in report.tenants or ()} == {5 * 31 * 86_400}
    assert len(report.days or ()) == 31
    assert {(one.requests, one.failed) for one in report.days or ()} == {(2 * 5 * 86_400, 0)}
    assert report.unknown == ()


def test_it_is_the_month_before_the_run_began_however_long_that_takes(stage: Stage) -> None:
    stage.lab.advance(60)
    late = begun(datetime(2025, 12, 31, 14, 59, tzinfo=UTC))
    assert made(stage, None, late)[0].month == "2025-11"


def test_readiness_is_told_with_its_way_there(stage: Stage) -> None:
    stage.lab.advance(60)
    stage.carry_out(check_readiness.step(plans=plans_to_check(contoso())))
    first = stage.now
    stage.lab.advance(86_400)
    stage.carry_out(check_readiness.step(plans=plans_to_check(contoso())))
    report, done = made(stage)
    assert report.readiness is not None
    assert report.readiness.checked_at == first + timedelta(days=1)
    now = {one.plan: one.score for one in report.readiness.plans}
    # What nobody has looked after for a day is less fresh.
    assert [point.scores["region_outage"] for point in report.trend] == [90, now["region_outage"]]
    assert now["region_outage"] < 90
    assert {one.plan for one in report.readiness.plans} >= {"region_outage", "dr_drill", "security_breach"}
    unready = {one.plan for one in report.readiness.plans if one.verdict != "ready"}
    assert {one.resource for one in done.outcome.findings if " of 100)" in one.title} == unready
    page = stage.azure.blobs.read(
        contoso().platform.records_account_url, RECORDS, f"reports/{THIS}/report.html"
    )
    assert b"region_outage" in (page or b"")


def test_without_a_check_of_that_month_nobody_is_called_ready(stage: Stage) -> None:
    stage.lab.advance(60)
    stage.carry_out(check_readiness.step(plans=plans_to_check(contoso())))
    report, done = made(stage, LAST)
    assert (report.readiness, report.trend) == (None, ())
    assert any("no readiness check of this month" in one.title for one in done.outcome.findings)


def test_what_ended_in_the_month_is_told(stage: Stage) -> None:
    stage.lab.advance(3600)
    in_time = {"started_at": stage.now - timedelta(minutes=10), "finished_at": stage.now}
    later = {"started_at": stage.now, "finished_at": stage.now + timedelta(days=40)}
    for number, (sample, times) in enumerate(
        ((samples.success(), in_time), (samples.drill(), in_time), (samples.success(), later))
    ):
        record = sample.model_copy(update={"run_id": f"{sample.kind}-{sample.plan}-{number}", **times})
        keep(stage, f"{record.run_id}/record.json", record)
    keep(stage, "incidents/inc-1/incident.json", closed(stage.now))
    keep(stage, "incidents/inc-2/incident.json", closed(later["finished_at"]))
    report, _ = made(stage)
    assert [one.run_id for one in report.runs or ()] == [
        f"recovery-{samples.success().plan}-0",
        f"{samples.drill().kind}-{samples.drill().plan}-1",
    ]
    assert [one.id for one in report.incidents or ()] == ["inc-1"]


def test_costs_are_those_of_the_months_days(stage: Stage) -> None:
    stage.lab.advance(60)
    report, _ = made(stage, LAST)
    assert report.costs is not None
    assert report.costs.currency == "USD"
    assert report.costs.total == pytest.approx(31 * 412, rel=0.02)
    assert report.costs.before == pytest.approx(30 * 412, rel=0.02)
    assert [one.service for one in report.costs.services][:2] == ["Azure Cosmos DB", "Azure OpenAI"]


def test_what_may_not_be_read_is_named_and_keeps_nothing_else_away(stage: Stage) -> None:
    stage.lab.advance(60)
    stage.lab.fault("error", "Microsoft.CostManagement", status=403, code="AuthorizationFailed")
    report, done = made(stage)
    assert report.costs is None
    assert report.tenants
    (why,) = report.unknown
    assert why.startswith("costs: query costs on /subscriptions/")
    assert "403" in why
    assert any("not in this report: costs" in one.title for one in done.outcome.findings)
    content = stage.azure.blobs.read(
        contoso().platform.records_account_url, RECORDS, f"reports/{THIS}/report.pdf"
    )
    assert "Not in this report" in pdf_text(content or b"")


def test_what_may_yet_come_is_waited_for(stage: Stage) -> None:
    stage.lab.advance(60)
    stage.lab.fault("throttle", "Microsoft.CostManagement", count=2, retry_after=9)
    report, done = made(stage)
    assert report.unknown == ()
    assert report.costs is not None
    assert done.summaries
    assert "query costs" in done.summaries[0]


def test_in_the_end_the_report_is_made_without(stage: Stage) -> None:
    stage.lab.advance(60)
    stage.lab.fault("partial_result", "loganalytics")
    report, done = made(stage)
    assert len(done.summaries) == 5
    assert report.tenants is None
    assert {why.split(":")[0] for why in report.unknown} == {"tenants", "outside", "days", "alerts"}
    assert report.costs is not None


def test_a_record_that_is_broken_is_named(stage: Stage) -> None:
    stage.lab.advance(60)
    platform = contoso().platform
    stage.azure.blobs.write(
        platform.records_account_url, RECORDS, "incidents/inc-9/incident.json", b"{", "application/json"
    )
    report, _ = made(stage)
    assert report.incidents is None
    assert report.unknown == ("incidents: incidents/inc-9/incident.json is no Incident of this app's",)


def test_a_month_that_has_not_begun_has_no_report(stage: Stage) -> None:
    with pytest.raises(StepFailed, match="2026-02 has not begun"):
        stage.carry_out(generate("2026-02"), record=begun())
    assert stage.writes == []
