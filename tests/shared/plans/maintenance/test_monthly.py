"""The monthly plan: the report first, then who is told."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from shared.model.plan import Mode, PlanKind
from shared.plans.maintenance.monthly import Parameters, monthly
from shared.plans.planning import PlanRequest
from tests.shared.actions.stage import contoso

REQUEST = PlanRequest(mode=Mode.REAL)


def test_the_mail_waits_for_the_report_and_nothing_pages_anybody() -> None:
    plan = monthly(contoso(), REQUEST, Parameters(month="2026-10"))
    made, sent = plan.steps
    assert (plan.kind, plan.services, plan.approval.required) == (PlanKind.MAINTENANCE, (), 0)
    assert (made.name, sent.name) == ("generate_monthly_report", "mail_monthly_report")
    assert sent.needs == (made.name,)
    assert not made.critical
    assert not sent.critical
    assert made.params["month"] == sent.params["month"] == "2026-10"
    assert sent.params["to"] == list(contoso().stakeholders)


def test_without_a_word_the_month_is_the_runs_own_to_find() -> None:
    assert {step.params["month"] for step in monthly(contoso(), REQUEST).steps} == {None}


def test_it_may_be_asked_for_the_month_that_goes_on_and_for_none_after_it() -> None:
    now = datetime.now(UTC)
    assert Parameters(month=f"{now:%Y-%m}").month == f"{now:%Y-%m}"
    with pytest.raises(ValidationError, match="has not begun yet"):
        Parameters(month=f"{now + timedelta(days=45):%Y-%m}")
