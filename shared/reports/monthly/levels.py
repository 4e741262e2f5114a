"""What tenants got in the month, in words: requests answered, how fast, and what tests from outside saw."""

from math import isclose

from shared.model.estate import ServiceLevels
from shared.model.monthly import Answered, MonthlyReport, OutsideTest, TenantMonth
from shared.planners.service_levels import answered_met, budget_used, fast_met, percent
from shared.reports.monthly.parts import (
    Cell,
    Column,
    Section,
    Table,
    limit,
    milliseconds,
    verdict,
)
from shared.reports.wording import line

NOTE = (
    "The error budget is what the target allows to fail: at 100 % it is used up. Refused requests (4xx) are the "
    "caller's own and count as answered. P50 and P95 are of requests that succeeded."
)


def everybody(tenants: tuple[TenantMonth, ...]) -> Answered:
    """All tenants' requests together."""
    return Answered(requests=sum(one.requests for one in tenants), failed=sum(one.failed for one in tenants))


def slowest(tenants: tuple[TenantMonth, ...]) -> TenantMonth | None:
    """The tenant that waited longest; None where nobody was answered."""
    return max(
        (one for one in tenants if one.p95_ms is not None), key=lambda one: one.p95_ms or 0, default=None
    )


def short_changed(report: MonthlyReport) -> tuple[TenantMonth, ...]:
    """The tenants that did not get what they are promised."""
    levels = report.levels
    return tuple(
        one
        for one in report.tenants or ()
        if answered_met(one, levels.availability) is False or fast_met(one, levels.p95_ms) is False
    )


def levels_section(report: MonthlyReport) -> Section:
    levels = report.levels
    promise = f"{limit(levels.availability)} % of its requests are answered, and 19 of 20"
    says = [f"Each tenant is promised that {promise} within {limit(levels.p95_ms)} ms."]
    tables = list[Table]()
    if report.tenants is None:
        says.append("What tenants got could not be read.")
    elif not report.tenants:
        says.append("No tenant asked anything in this month.")
    else:
        tables.append(_tenants(report.tenants, levels))
    if report.outside is None:
        says.append("What tests from outside saw could not be read.")
    elif not report.outside:
        says.append("No tests from outside ran.")
    else:
        tables.append(_outside(report.outside, levels))
    chart, chart_says = "", ""
    if report.days is None:
        says.append("The days of the month could not be read.")
    elif any(one.requests for one in report.days):
        chart = "availability"
        chart_says = (
            "All tenants' requests, day by day. A day without requests stays empty; "
            "red are the days below the target."
        )
    return Section(
        name="levels",
        heading="Service levels",
        says=tuple(says),
        chart=chart,
        chart_says=chart_says,
        tables=tuple(tables),
        notes=(NOTE,) if report.tenants else (),
    )


def _tenants(tenants: tuple[TenantMonth, ...], levels: ServiceLevels) -> Table:
    return Table(
        caption="What each tenant got, the worst first",
        columns=(
            Column("Tenant", 1.35),
            Column("Requests", 1.1, kind="number"),
            Column("Answered", 1.75, kind="number"),
            Column("Budget used", 1.0, kind="number"),
            Column("P50", 0.85, kind="number"),
            Column("P95", 1.75, kind="number"),
            Column("Refused", 0.85, kind="number"),
            Column("Boundary violations", 1.1, kind="number"),
        ),
        rows=tuple(_tenant(one, levels) for one in sorted(tenants, key=lambda one: _worst(one, levels))),
    )


def _worst(one: TenantMonth, levels: ServiceLevels) -> tuple[float, float, float, str]:
    return (-one.violations, -(budget_used(one, levels.availability) or 0), -(one.p95_ms or 0), one.tenant)


def _tenant(one: TenantMonth, levels: ServiceLevels) -> tuple[Cell, ...]:
    return (
        Cell(line(one.tenant)),
        Cell(f"{one.requests:,}"),
        Cell(percent(one, levels.availability), verdict(answered_met(one, levels.availability))),
        Cell(_budget(budget_used(one, levels.availability))),
        Cell(milliseconds(one.p50_ms)),
        Cell(milliseconds(one.p95_ms), verdict(fast_met(one, levels.p95_ms))),
        Cell(f"{one.refused:,}"),
        Cell(f"{one.violations:,}", tone="bad" if one.violations else ""),
    )


def _budget(used: float | None) -> str:
    """In whole percent, and 100 only where it is exactly so: 100.4 % used is over it."""
    if used is None:
        return "none"
    if 0 < used < 0.01:
        return "under 1 %"
    share = round(used * 100)
    if share == 100 and not isclose(used, 1.0):
        share += 1 if used > 1 else -1
    return f"{share:,} %"


def _outside(tests: tuple[OutsideTest, ...], levels: ServiceLevels) -> Table:
    return Table(
        caption="Tests from outside",
        columns=(
            Column("Test", 3),
            Column("Tests run", kind="number"),
            Column("Failed", kind="number"),
            Column("Answered", 1.4, kind="number"),
        ),
        rows=tuple(
            (
                Cell(line(one.test)),
                Cell(f"{one.requests:,}"),
                Cell(f"{one.failed:,}"),
                Cell(percent(one, levels.availability), verdict(answered_met(one, levels.availability))),
            )
            for one in sorted(tests, key=lambda one: (least_answered(one), one.test))
        ),
    )


def least_answered(one: Answered) -> float:
    """To sort by: the least available first, what nobody asked last."""
    return 200.0 if one.availability is None else one.availability
