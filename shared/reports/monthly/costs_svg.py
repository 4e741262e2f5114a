"""Draws what the dearest services cost in a month, each against the month before."""

from collections.abc import Sequence
from xml.etree.ElementTree import Element

from shared.model.monthly import Costs, MonthlyReport, ServiceCost
from shared.reports import svg
from shared.reports.monthly.costs import change, money
from shared.reports.monthly.days import WIDTH
from shared.reports.svg import INK, PAPER, SOFT
from shared.reports.wording import line

LEFT, RIGHT, TOP, ROW, BAR = 230.0, 690.0, 6.0, 27.0, 15.0
SPEND = "#3f6fb5"
MOST = 10


def costs_svg(report: MonthlyReport) -> str:
    """Bars from zero, the dearest first; what the tenth leaves is one bar, so that all of it is seen."""
    costs = report.costs or Costs(currency="", services=())
    rows = _rows(costs)
    widest = max((max(one.cost, one.before or 0.0) for one in rows), default=0.0) or 1.0
    height = TOP + ROW * len(rows) + 4
    currency = line(costs.currency, 10)
    return svg.document(
        svg.element("rect", width=WIDTH, height=height, fill=PAPER, class_="paper"),
        *(_service(one, widest, TOP + ROW * n) for n, one in enumerate(rows)),
        name="costs",
        width=WIDTH,
        height=height,
        title=f"Cost of the dearest services in {currency}",
        description=" ".join(_said(one) for one in rows),
    )


def _rows(costs: Costs) -> Sequence[ServiceCost]:
    ranked = sorted(costs.services, key=lambda one: (-one.cost, one.service))
    if len(ranked) <= MOST:
        return ranked
    rest = Costs(currency=costs.currency, services=tuple(ranked[MOST - 1 :]))
    return [
        *ranked[: MOST - 1],
        ServiceCost(service=f"{len(rest.services)} others", cost=rest.total, before=rest.before),
    ]


def _service(one: ServiceCost, widest: float, top: float) -> Element:
    middle = top + ROW / 2
    parts = [
        svg.element("title", text=_said(one)),
        svg.label(0, middle + 4, svg.fitted(line(one.service), 12, LEFT - 14), fill=INK, class_="ink"),
        svg.element(
            "rect",
            x=LEFT,
            y=middle - BAR / 2,
            width=max(_width(one.cost, widest), 1),
            height=BAR,
            rx=2,
            fill=SPEND,
            class_="bar spend",
        ),
    ]
    if one.before is not None:
        x = LEFT + _width(one.before, widest)
        parts.append(
            svg.element(
                "line",
                x1=x,
                y1=middle - 11,
                x2=x,
                y2=middle + 11,
                stroke=INK,
                stroke_width=2,
                class_="critical",
            )
        )
    end = LEFT + _width(max(one.cost, one.before or 0.0), widest) + 10
    changed = change(one.cost, one.before)
    parts.append(svg.label(end, middle + 4, f"{money(one.cost, 0)}", fill=INK, font_weight=600, class_="ink"))
    parts.append(svg.label(WIDTH - 8, middle + 4, changed, fill=SOFT, class_="soft", text_anchor="end"))
    return svg.element("g", *parts)


def _width(amount: float, widest: float) -> float:
    """A refund has no length."""
    return max(amount, 0.0) / widest * (RIGHT - LEFT)


def _said(one: ServiceCost) -> str:
    before = "" if one.before is None else f", {money(one.before)} in the month before"
    return f"{line(one.service)}: {money(one.cost)}{before}."
