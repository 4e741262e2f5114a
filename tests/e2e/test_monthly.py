"""On the first of a month stakeholders get the report of the month that is over; anybody may read it afterwards."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.e2e.machine import ROOT, SAMPLE, MachineProcess
from tests.e2e.test_daily import runs_of, tick
from tests.shared.reports.reading import pdf_text

TOKYO = ZoneInfo("Asia/Tokyo")


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory):
    with MachineProcess(tmp_path_factory.mktemp("monthly"), speed=100, estate=SAMPLE) as running:
        yield running


def test_the_month_that_goes_on_can_be_looked_at(machine: MachineProcess) -> None:
    assert machine.call("GET", "/api/reports").json() == {"reports": []}
    month = f"{datetime.now(TOKYO):%Y-%m}"
    missing = machine.call("GET", f"/api/reports/{month}")
    assert missing.status_code == 404
    assert "POST /api/maintenance/monthly" in missing.json()["detail"]

    assert machine.call("GET", "/api/readiness?refresh=true", timeout=60).status_code == 200
    body = {"reason": "how is it going", "parameters": {"month": month}}
    answer = machine.call("POST", "/api/maintenance/monthly", "alice", json=body)
    assert answer.status_code == 202, answer.text
    record = machine.wait_until_over(answer.json()["run_id"], seconds=90)
    assert {step["name"]: step["status"] for step in record["steps"]} == {
        "generate_monthly_report": "succeeded",
        "mail_monthly_report": "succeeded",
    }, record
    assert machine.call("GET", "/api/reports").json()["reports"] == [
        {"month": month, "url": f"/api/reports/{month}"}
    ]
    told = machine.call("GET", f"/api/reports/{month}?format=json").json()
    assert told["run_id"] == record["run_id"]
    assert told["unknown"] == []
    assert {one["tenant"]: one["requests"] > 0 for one in told["tenants"]} == {
        "contoso": True,
        "fabrikam": True,
    }
    plans = {one["plan"]: one["verdict"] for one in told["readiness"]["plans"]}
    assert plans["region_outage"] == "at_risk"
    assert any(one["resource"] == "region_outage" for one in record["findings"])

    page = machine.call("GET", f"/api/reports/{month}")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "region_outage" in page.text
    document = machine.call("GET", f"/api/reports/{month}?format=pdf")
    assert document.headers["content-type"].startswith("application/pdf")
    assert f"{datetime.now(TOKYO):%B %Y}" in pdf_text(document.content)
    (mail,) = [one for one in machine.world()["mails"] if "Operations report" in one["subject"]]
    assert mail["to"] == ["management@contoso.com", "sre-team@contoso.com"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"month": "2026-13"}, "parameters.month"),
        ({"month": "2099-01"}, "has not begun yet"),
        ({"month": 202610}, "parameters.month"),
        ({"year": 2026}, "parameters.year"),
    ],
)
def test_what_is_no_month_is_refused(machine: MachineProcess, body: dict[str, object], words: str) -> None:
    answer = machine.call(
        "POST", "/api/maintenance/monthly", "alice", json={"reason": "the test", "parameters": body}
    )
    assert answer.status_code == 400, answer.text
    assert words in answer.json()["detail"]


def test_who_may_read_what(machine: MachineProcess) -> None:
    assert machine.call("GET", "/api/reports", None).status_code == 401
    assert machine.call("GET", "/api/reports/2026-10", None).status_code == 401
    assert machine.call("GET", "/api/reports/2026-10?format=docx").status_code == 400
    assert machine.call("GET", "/api/reports/2026-10?form=pdf").status_code == 400
    assert machine.call("GET", "/api/reports/..%2Freadiness").status_code == 404
    assert machine.call("GET", "/api/reports/2026-1").status_code == 404


def test_the_clock_starts_it_once_a_month(tmp_path: Path) -> None:
    now = datetime.now(TOKYO)
    sample = (ROOT / "shared/estate/contoso.yaml").read_text(encoding="utf-8")
    monthly = "    at: 04:00\n    month_days: [1]\n"
    assert sample.count(monthly) == 1
    path = tmp_path / "estate.yaml"
    path.write_text(
        sample.replace(monthly, f"    at: {now:%H:%M}\n    month_days: [{now.day}]\n"), encoding="utf-8"
    )
    with MachineProcess(tmp_path, speed=100, estate=path) as machine:
        tick(machine)
        (run,) = runs_of(machine, "monthly", seconds=60)
        assert run["run_id"].startswith(f"maintenance-monthly-{now:%Y%m%d}T")
        assert run["status"] == "succeeded", run
        assert not run["status_reason"], run
        machine.kill()
        machine.start()
        tick(machine)
        assert len(runs_of(machine, "monthly", seconds=10)) == 1
        (kept,) = machine.call("GET", "/api/reports").json()["reports"]
        assert kept["month"] < f"{now:%Y-%m}"
