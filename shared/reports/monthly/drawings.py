"""The drawings of the operations report, by the names under which its sections ask for them."""

from shared.model.monthly import MonthlyReport
from shared.reports.monthly.availability_svg import availability_svg
from shared.reports.monthly.costs_svg import costs_svg
from shared.reports.monthly.readiness_svg import readiness_svg
from shared.reports.monthly.view import MonthlyView

DRAWN = {
    "availability": availability_svg,
    "readiness": readiness_svg,
    "costs": costs_svg,
}


def drawings(report: MonthlyReport, view: MonthlyView) -> dict[str, str]:
    """Each an `<svg>` element without scripts, styles or anything external."""
    return {one.chart: DRAWN[one.chart](report) for one in view.sections if one.chart}
