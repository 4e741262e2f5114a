"""The operations report of one month, as data: what tenants got, what went wrong, what it cost, how ready we are."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from shared.model.estate import ServiceLevels
from shared.model.incident import Incident, Remediation
from shared.model.plan import Mode, PlanKind
from shared.model.readiness import Readiness
from shared.model.run import Objective, RunRecord, RunStatus
from shared.model.severity import Severity
from shared.model.wire import Frozen

MONTH = r"20[0-9]{2}-(?:0[1-9]|1[0-2])"
Month = Annotated[str, Field(pattern=f"^{MONTH}$")]
"""A calendar month of the estate's time zone, such as `2026-10`."""


class Answered(Frozen):
    """Requests or tests, and how many of them failed on our side (5xx); a 4xx is the caller's own."""

    requests: int = Field(ge=0)
    failed: int = Field(ge=0)

    @property
    def availability(self) -> float | None:
        """Percent that were answered; None where nobody asked."""
        return 100.0 * (self.requests - self.failed) / self.requests if self.requests else None


class TenantMonth(Answered):
    """What one tenant got. Milliseconds are of the requests that succeeded; None where none did."""

    tenant: str
    refused: int = 0
    p50_ms: float | None = None
    p95_ms: float | None = None
    violations: int = 0


class OutsideTest(Answered):
    """An availability test from outside: it speaks where an app that nobody reaches logs no requests."""

    test: str


class Day(Answered):
    """All tenants' requests of one day of the estate's time zone."""

    day: date


class RunOfMonth(Frozen):
    """A recovery or drill that ended in the month."""

    run_id: str
    plan: str
    title: str
    kind: PlanKind
    mode: Mode
    status: RunStatus
    started_at: datetime
    finished_at: datetime
    rto: Objective
    rpo: Objective | None = None

    @classmethod
    def of(cls, record: RunRecord) -> "RunOfMonth":
        """ValueError of a run that goes on."""
        return cls.model_validate(record.model_dump(include=set(cls.model_fields)))

    @property
    def failed(self) -> bool:
        """Whether it was begun and did not get there."""
        return self.status in {RunStatus.FAILED, RunStatus.ABORTED}

    @property
    def missed(self) -> tuple[str, ...]:
        """The targets that it missed, in words."""
        objectives = (("recovery time", self.rto), ("data loss", self.rpo))
        return tuple(name for name, one in objectives if one is not None and one.met is False)


class IncidentOfMonth(Frozen):
    """An incident that closed in the month; one that is still open is told of in the month in which it closes."""

    id: str
    rule: str
    severity: Severity
    service: str = ""
    tenant: str = ""
    security: bool = False
    opened_at: datetime
    acknowledged_at: datetime | None = None
    closed_at: datetime
    closed_by: str = ""
    close_reason: str = ""
    remediation: Remediation = Remediation.NONE

    @classmethod
    def of(cls, incident: Incident) -> "IncidentOfMonth":
        """ValueError of an incident that is still open."""
        kept = incident.model_dump(include=set(cls.model_fields))
        return cls.model_validate({**kept, "rule": incident.alert.rule})


class ReadinessPoint(Frozen):
    """The scores of one readiness check, by plan."""

    checked_at: datetime
    scores: dict[str, int]


class SecurityAlert(Frozen):
    """An alert of high severity that was raised in the month and that nobody has closed since."""

    title: str
    product: str = ""
    resource: str = ""
    seen: datetime


class ServiceCost(Frozen):
    """What an Azure service cost, and what it did in the month before."""

    service: str
    cost: float
    before: float | None = None


class Costs(Frozen):
    """The subscription's costs before tax, by service, the dearest first; Cost Management counts days in UTC."""

    currency: str
    services: tuple[ServiceCost, ...]

    @property
    def total(self) -> float:
        return sum(one.cost for one in self.services)

    @property
    def before(self) -> float | None:
        """The month before, while this one goes on as many days of it; None where nothing is known of it."""
        known = [one.before for one in self.services if one.before is not None]
        return sum(known) if known else None


class MonthlyReport(Frozen):
    """One month, `since <= t < until`, as it was known at `made_at`.

    A part that is None could not be read, and `unknown` says why, in one sentence each. `readiness` is the newest
    check of the month: None too where none is kept, and then `trend`, the checks of its days, is empty.
    """

    estate: str
    title: str
    month: Month
    time_zone: str
    since: datetime
    until: datetime
    made_at: datetime
    run_id: str = ""
    levels: ServiceLevels
    tenants: tuple[TenantMonth, ...] | None = None
    outside: tuple[OutsideTest, ...] | None = None
    days: tuple[Day, ...] | None = None
    runs: tuple[RunOfMonth, ...] | None = None
    incidents: tuple[IncidentOfMonth, ...] | None = None
    alerts: tuple[SecurityAlert, ...] | None = None
    costs: Costs | None = None
    readiness: Readiness | None = None
    trend: tuple[ReadinessPoint, ...] | None = ()
    unknown: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether the month was over when the report was made."""
        return self.made_at >= self.until
