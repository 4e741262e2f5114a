"""Draws how ready each plan was on each day of a month: small columns, and what is missing on top of them."""

from xml.etree.ElementTree import Element
from zoneinfo import ZoneInfo

from shared.model.monthly import MonthlyReport
from shared.reports import svg
from shared.reports.monthly.days import WIDTH, Days, words
from shared.reports.svg import INK, PAPER, SOFT
from shared.reports.wording import line

HELD, SHORT = "#a9d5bb", "#d17a16"
LEFT, TOP, ROW, BAR = 190.0, 24.0, 30.0, 23.0
MOST = 20
"""More plans than this make a drawing that nobody reads: the lowest are drawn."""


def readiness_svg(report: MonthlyReport) -> str:
    """One row a plan, the lowest score first; a day without a check stays empty."""
    days = Days.of(report, LEFT)
    scores = _scores(report)
    names = sorted(scores, key=lambda name: (scores[name][max(scores[name])], name))[:MOST]
    height = TOP + ROW * len(names) + 4
    return svg.document(
        svg.element("rect", width=WIDTH, height=height, fill=PAPER, class_="paper"),
        svg.label(0, 15, "Plan", font_size=11.5, fill=SOFT, class_="soft"),
        svg.label(LEFT - 10, 15, "Score", font_size=11.5, fill=SOFT, class_="soft", text_anchor="end"),
        *days.names(15),
        *(_plan(days, name, scores[name], TOP + ROW * n) for n, name in enumerate(names)),
        name="readiness",
        width=WIDTH,
        height=height,
        title="Readiness of each plan, by day",
        description=" ".join(_said(name, scores[name]) for name in names),
    )


def _scores(report: MonthlyReport) -> dict[str, dict[int, int]]:
    """By plan, then by day of the month counted from 0: the last check of a day counts."""
    days = Days.of(report, LEFT)
    zone, found = ZoneInfo(report.time_zone), dict[str, dict[int, int]]()
    for point in report.trend or ():
        number = (point.checked_at.astimezone(zone).date() - days.days[0]).days
        if 0 <= number < len(days.days):
            for name, score in point.scores.items():
                found.setdefault(name, {})[number] = min(max(score, 0), 100)
    return found


def _plan(days: Days, name: str, scores: dict[int, int], top: float) -> Element:
    middle, last = top + BAR / 2, scores[max(scores)]
    parts = [
        svg.element("title", text=_said(name, scores)),
        svg.label(
            0, middle + 4, svg.fitted(line(name), 12, LEFT - 50), fill=INK, font_weight=600, class_="ink"
        ),
        svg.label(LEFT - 10, middle + 4, str(last), fill=INK, class_="ink", text_anchor="end"),
    ]
    for n, score in scores.items():
        parts += _column(days, n, score, top)
    return svg.element("g", *parts)


def _column(days: Days, n: int, score: int, top: float) -> list[Element]:
    x, width = days.x(n) + 2, days.slot - 4
    have = BAR * score / 100
    said = svg.element("title", text=f"{words(days.days[n])}: {score} of 100")
    out = [
        svg.element(
            "rect", said, x=x, y=top + BAR - have, width=width, height=have, fill=HELD, class_="bar held"
        )
    ]
    if score < 100:
        missing = {"x": x, "y": top, "width": width, "height": BAR - have}
        out.append(svg.element("rect", fill=SHORT, class_="bar short", **missing))
    return out


def _said(name: str, scores: dict[int, int]) -> str:
    first, last = scores[min(scores)], scores[max(scores)]
    lowest = min(scores.values())
    return f"{line(name)}: {first} at first, {last} at last, {lowest} at worst."
