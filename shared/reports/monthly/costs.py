"""What the month cost, in words."""

from shared.model.monthly import Costs, MonthlyReport, ServiceCost
from shared.planners.monthly import DEARER
from shared.reports.monthly.parts import Cell, Column, Section, Table
from shared.reports.run_view import Fact
from shared.reports.wording import line


def costs_section(report: MonthlyReport) -> Section:
    name, heading, costs = "costs", "Cost", report.costs
    if costs is None:
        return Section(name=name, heading=heading, says=("What the month cost could not be read.",))
    if not costs.services:
        return Section(name=name, heading=heading, says=("Azure charged nothing in this month.",))
    currency = line(costs.currency, 10)
    before = "The month before" if report.whole else "The same days of the month before"
    known = "not known" if costs.before is None else f"{money(costs.before)} {currency}"
    changed = change(costs.total, costs.before)
    return Section(
        name=name,
        heading=heading,
        facts=(
            Fact("Total", f"{money(costs.total)} {currency}"),
            Fact(before, f"{known} ({changed})" if costs.before else known),
        ),
        chart="costs",
        chart_says="The dearest services. The upright line is what each cost in the month before.",
        tables=(_costs(costs, currency, before),),
        notes=("Before tax, in days of UTC. What the newest two or three days cost may still grow.",),
    )


def _costs(costs: Costs, currency: str, before: str) -> Table:
    return Table(
        caption=f"Cost by service in {currency}",
        columns=(
            Column("Service", 2.5),
            Column("This month", kind="number"),
            Column(before, 1.3, kind="number"),
            Column("Change", kind="number"),
        ),
        rows=tuple(_cost(one) for one in sorted(costs.services, key=lambda one: (-one.cost, one.service))),
    )


def _cost(one: ServiceCost) -> tuple[Cell, ...]:
    dearer = one.before is not None and 0 < one.before * DEARER < one.cost
    return (
        Cell(line(one.service)),
        Cell(money(one.cost)),
        Cell("not known" if one.before is None else money(one.before)),
        Cell(change(one.cost, one.before), tone="waiting" if dearer else ""),
    )


def money(amount: float, places: int = 2) -> str:
    return f"{amount:,.{places}f}".replace("-", "\u2212")


def change(now: float, before: float | None) -> str:
    """`+12 %`; a part of nothing is no percentage."""
    if before is None:
        return "not known"
    if before <= 0:
        return "new" if now > 0 else "unchanged"
    share = round(100 * (now / before - 1))
    if share:
        return f"{share:+,} %".replace("-", "\u2212")
    return "unchanged" if now == before else "about the same"
