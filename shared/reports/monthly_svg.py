"""The drawings of the operations report, by the names under which its sections ask for them."""

from shared.model.monthly import MonthlyReport
from shared.reports.availability_svg import availability_svg
from shared.reports.costs_svg import costs_svg
from shared.reports.monthly_view import MonthlyView
from shared.reports.readiness_svg import readiness_svg

DRAWN = {
    "availability": availability_svg,
    "readiness": readiness_svg,
    "costs": costs_svg,
}


def drawings(report: MonthlyReport, view: MonthlyView) -> dict[str, str]:
    """Each an `<svg>` element without scripts, styles or anything external."""
    return {one.chart: DRAWN[one.chart](report) for one in view.sections if one.chart}
