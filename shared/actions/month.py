"""Gathers what a month was like, and says where its report is kept."""

import re
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from shared.actions.action import Call
from shared.errors import AzureCallFailed, CheckFailed, EstateInvalid
from shared.gateways.azure import Azure
from shared.gateways.journal import carried
from shared.model.estate import Estate
from shared.model.incident import Incident
from shared.model.monthly import (
    MONTH,
    Costs,
    Day,
    IncidentOfMonth,
    MonthlyReport,
    OutsideTest,
    RunOfMonth,
    SecurityAlert,
    ServiceCost,
    TenantMonth,
)
from shared.model.plan import PlanKind
from shared.model.readiness import Readiness
from shared.model.run import RunRecord
from shared.model.wire import Frozen
from shared.planners.monthly import (
    bounds,
    by_day,
    days_before,
    days_of,
    last_of_each_day,
    month_before,
    trend,
)

DATA, PAGE, DOCUMENT = "report.json", "report.html", "report.pdf"
AT_ONCE = 8
_KEPT = re.compile(f"reports/({MONTH})/{re.escape(DATA)}")


def asked_for(month: str | None, call: Call) -> str:
    """The month that was asked for, else the last one that was over when the run began."""
    began = call.record.started_at if call.record else call.now
    return month or month_before(began, call.estate.time_zone)


def place(month: str, file: str) -> str:
    """Where a file of a month's report is kept in the records container."""
    return f"reports/{month}/{file}"


def kept(estate: Estate, azure: Azure, month: str) -> MonthlyReport | None:
    """The report of a month; None before one is made."""
    content = kept_file(estate, azure, month, DATA)
    return None if content is None else MonthlyReport.model_validate_json(content)


def kept_file(estate: Estate, azure: Azure, month: str, file: str) -> bytes | None:
    """One file of a month's report; None before one is made."""
    platform = estate.platform
    return azure.blobs.read(platform.records_account_url, platform.records_container, place(month, file))


def kept_months(estate: Estate, azure: Azure) -> tuple[str, ...]:
    """The months that a report is kept of, the newest first."""
    platform = estate.platform
    names = azure.blobs.names(platform.records_account_url, platform.records_container, "reports/")
    return tuple(sorted((found[1] for name in names if (found := _KEPT.fullmatch(name))), reverse=True))


def gather(month: str, call: Call, *, patient: bool) -> MonthlyReport:
    """Ask everybody who knows of that month.

    What cannot be read is named in the report, which is made all the same. `patient`: where asking again may help
    AzureCallFailed is raised instead. CheckFailed for a month that has not begun.
    """
    estate = call.estate
    since, until = bounds(month, estate.time_zone)
    if since >= call.now:
        raise CheckFailed(f"{month} has not begun")
    asked = _Month(call, since, until)
    parts: dict[str, Callable[[], object]] = {
        "tenants": asked.tenants,
        "outside": asked.outside,
        "days": asked.days,
        "alerts": asked.alerts,
        "runs": asked.runs,
        "incidents": asked.incidents,
        "costs": lambda: asked.costs(month),
        "readiness": asked.readiness,
    }
    found, unknown = _all_of(parts, patient=patient)
    checks: tuple[Readiness, ...] | None = found.pop("readiness")
    return MonthlyReport(
        estate=estate.name,
        title=estate.title,
        month=month,
        time_zone=estate.time_zone,
        since=since,
        until=until,
        made_at=call.now,
        run_id=call.run_id,
        levels=estate.service_levels,
        readiness=checks[-1] if checks else None,
        trend=None if checks is None else trend(checks),
        unknown=unknown,
        **found,
    )


def _all_of(
    parts: dict[str, Callable[[], object]], *, patient: bool
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Every part by name, asked for side by side; one that cannot be read is None, and why is told."""

    def one(name: str) -> tuple[object, str]:
        try:
            return parts[name](), ""
        except AzureCallFailed as error:
            if patient and error.retryable:
                raise
            return None, f"{name}: {error}"
        except (EstateInvalid, CheckFailed) as error:
            return None, f"{name}: {error}"

    with ThreadPoolExecutor(max_workers=len(parts)) as pool:
        found = dict(zip(parts, pool.map(carried(one), parts), strict=True))
    return {name: value for name, (value, _) in found.items()}, tuple(why for _, why in found.values() if why)


class _Month:
    """One month's questions. Logs and costs are asked for up to now where it is not over."""

    def __init__(self, call: Call, since: datetime, until: datetime) -> None:
        self.call, self.since, self.until = call, since, until
        self.now = min(until, call.now)
        platform = call.estate.platform
        self.account, self.container = platform.records_account_url, platform.records_container

    def tenants(self) -> tuple[TenantMonth, ...]:
        counted = self._by_tenant("error_rate", minimum_requests=1)
        timed = self._by_tenant("response_time", minimum_requests=1)
        crossed = self._by_tenant("boundary_violations")
        names = dict.fromkeys((*(one.name for one in self.call.estate.tenants), *counted, *crossed))
        return tuple(
            TenantMonth(
                tenant=name,
                requests=counted.get(name, {}).get("requests", 0),
                failed=counted.get(name, {}).get("server_errors", 0),
                refused=counted.get(name, {}).get("client_errors", 0),
                p50_ms=timed.get(name, {}).get("p50_ms"),
                p95_ms=timed.get(name, {}).get("p95_ms"),
                violations=crossed.get(name, {}).get("violations", 0),
            )
            for name in names
        )

    def _by_tenant(self, question: str, **parameters: int) -> dict[str, dict[str, Any]]:
        rows = self.call.azure.logs.query(question, self.since, self.now, **parameters)
        return {str(row["tenant"]): row for row in rows}

    def outside(self) -> tuple[OutsideTest, ...]:
        rows = self.call.azure.logs.query("outside_tests", self.since, self.now)
        found = (OutsideTest.model_validate(row) for row in rows)
        return tuple(sorted(found, key=lambda one: one.test))

    def days(self) -> tuple[Day, ...]:
        rows = self.call.azure.logs.query("requests_by_hour", self.since, self.now)
        hours = ((row["hour"], row["requests"], row["failed"]) for row in rows)
        return by_day(hours, self.call.estate.time_zone)

    def alerts(self) -> tuple[SecurityAlert, ...]:
        # Up to now: what was closed after the month is closed.
        rows = self.call.azure.logs.query("security_alerts", self.since, self.call.now)
        found = (SecurityAlert.model_validate(row) for row in rows)
        return tuple(sorted((one for one in found if one.seen < self.until), key=lambda one: one.seen))

    def runs(self) -> tuple[RunOfMonth, ...]:
        found = [
            RunOfMonth.of(record)
            for kind in (PlanKind.RECOVERY, PlanKind.DRILL)
            for record in self._read(RunRecord, f"{kind}-", "/record.json")
            if record.finished_at is not None and self._within(record.finished_at)
        ]
        return tuple(sorted(found, key=lambda one: one.started_at))

    def incidents(self) -> tuple[IncidentOfMonth, ...]:
        found = [
            IncidentOfMonth.of(incident)
            for incident in self._read(Incident, "incidents/", "/incident.json")
            if incident.closed_at is not None and self._within(incident.closed_at)
        ]
        return tuple(sorted(found, key=lambda one: one.opened_at))

    def readiness(self) -> tuple[Readiness, ...]:
        """The last readiness check of each day."""
        first, last = (
            f"readiness/{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}" for moment in (self.since, self.until)
        )
        names = self.call.azure.blobs.names(self.account, self.container, "readiness/2")
        return self._all(Readiness, last_of_each_day(name for name in names if first <= name < last))

    def costs(self, month: str) -> Costs:
        """Cost Management counts days in UTC, whatever the estate's time zone."""
        today = self.call.now.astimezone(UTC).date()
        first, last = days_of(month, today)
        if last < first:  # it has begun here, and not yet in UTC
            return Costs(currency="", services=())
        ask, subscription = self.call.azure.costs.by_service, self.call.estate.subscription_id
        spent = ask(subscription, first, last)
        before = ask(subscription, *days_before(month, today))
        # A service without a row cost nothing, unless nothing at all is known of that time.
        nothing = 0.0 if before.services else None
        services = (
            ServiceCost(
                service=name, cost=spent.services.get(name, 0.0), before=before.services.get(name, nothing)
            )
            for name in {**spent.services, **before.services}
        )
        return Costs(
            currency=spent.currency,
            services=tuple(sorted(services, key=lambda one: (-one.cost, one.service))),
        )

    def _within(self, moment: datetime) -> bool:
        return self.since <= moment < self.until

    def _read[F: Frozen](self, kind: type[F], prefix: str, ending: str) -> tuple[F, ...]:
        """What was written since the month began under names like these."""
        blobs = self.call.azure.blobs
        names = blobs.names(self.account, self.container, prefix, written_since=self.since)
        return self._all(kind, (name for name in names if name.endswith(ending)))

    def _all[F: Frozen](self, kind: type[F], names: Iterable[str]) -> tuple[F, ...]:
        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            return tuple(pool.map(carried(lambda name: self._one(kind, name)), names))

    def _one[F: Frozen](self, kind: type[F], name: str) -> F:
        content = self.call.azure.blobs.read(self.account, self.container, name)
        try:
            return kind.model_validate_json(content or b"")
        except ValueError as error:
            raise CheckFailed(f"{name} is no {kind.__name__} of this app's") from error
