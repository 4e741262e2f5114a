"""What is done once a month (seed 000, section 9.1: on the first at 04:00)."""

from datetime import UTC, datetime, timedelta

from pydantic import Field, field_validator

from shared.actions.mail.mail_monthly_report import mail_monthly_report
from shared.actions.maintenance.generate_monthly_report import generate_monthly_report
from shared.model.estate import Estate
from shared.model.monthly import Month
from shared.model.plan import Plan, PlanKind
from shared.model.wire import Strict
from shared.plans.planning import PlanRequest, plan

EARLIEST_MIDNIGHT = timedelta(hours=14)
"""Nowhere does a month begin earlier before UTC (Pacific/Kiritimati)."""


class Parameters(Strict):
    """The month to report on, such as 2026-10; the one that goes on is reported on so far. None: the last one."""

    month: Month | None = Field(default=None, description="such as 2026-10; of the one that goes on: so far")

    @field_validator("month")
    @classmethod
    def _begun(cls, month: str | None) -> str | None:
        if month is not None and month > f"{datetime.now(UTC) + EARLIEST_MIDNIGHT:%Y-%m}":
            raise ValueError("has not begun yet")
        return month


@plan(PlanKind.MAINTENANCE, Parameters)
def monthly(estate: Estate, _request: PlanRequest, parameters: Parameters) -> Plan:
    """Reports on the month that is over: service levels, recoveries, readiness, incidents, security and cost."""
    made = generate_monthly_report.step(month=parameters.month, critical=False, deadline=timedelta(hours=4))
    sent = mail_monthly_report.step(
        to=estate.stakeholders,
        month=parameters.month,
        needs=(made,),
        critical=False,
        deadline=timedelta(hours=4),
    )
    return Plan(
        name="monthly",
        kind=PlanKind.MAINTENANCE,
        title="Monthly report",
        steps=(made, sent),
        approval=estate.approvals[PlanKind.MAINTENANCE],
    )
