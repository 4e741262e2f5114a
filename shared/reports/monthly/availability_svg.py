"""Draws how much was answered on each day of a month: bars that hang from 100 %, the longer the more failed."""

from collections.abc import Mapping
from datetime import date
from xml.etree.ElementTree import Element

from shared.model.monthly import Answered, MonthlyReport
from shared.planners.service_levels import answered_met, percent
from shared.reports import svg
from shared.reports.monthly.days import RIGHT, WIDTH, Days, words
from shared.reports.monthly.parts import limit
from shared.reports.svg import GRID, INK, PAPER, SOFT, TARGET

MET, MISSED = "#1a7a4a", "#b42318"
# The strip of days, then the scale, from 100 % down.
LEFT, STRIP, HIGH, TOP, DEPTH, FOOT = 64.0, 24.0, 14.0, 44.0, 160.0, 18.0
DEEPEST = 8.0
"""The scale ends at so many times what the target allows to fail: one dark day must not flatten all others."""
STEPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)


def availability_svg(report: MonthlyReport) -> str:
    """A strip of days, green or red by the target and empty without requests, and under it what each day failed."""
    target = report.levels.availability
    days = Days.of(report, LEFT)
    asked: dict[date, Answered] = {one.day: one for one in report.days or () if one.requests}
    floor = _floor(asked, target)
    height = TOP + DEPTH + FOOT
    return svg.document(
        svg.element("rect", width=WIDTH, height=height, fill=PAPER, class_="paper"),
        *days.names(15),
        *_axis(target, floor),
        *(_day(days, n, asked.get(day), target, floor) for n, day in enumerate(days.days)),
        *_target(target, floor),
        *_values(days, asked, target, floor),
        name="availability",
        width=WIDTH,
        height=height,
        title="Requests that were answered, by day",
        description=_description(days, asked, target),
    )


def _floor(asked: Mapping[date, Answered], target: float) -> float:
    """Percent failed at the foot of the scale: three times what the target allows, or as much as the worst day."""
    allowed = 100.0 - target
    worst = max((_failed(one) for one in asked.values()), default=0.0)
    return min(max(3 * allowed, 1.12 * worst), DEEPEST * allowed, 100.0)


def _failed(one: Answered) -> float:
    return 100.0 * one.failed / one.requests


def _y(failed: float, floor: float) -> float:
    return TOP + min(failed / floor, 1.0) * DEPTH


def _axis(target: float, floor: float) -> list[Element]:
    step = next((one for one in STEPS if floor / one <= 5), 100.0)
    out = [svg.label(0, 15, "Answered", font_size=11.5, fill=SOFT, class_="soft")]
    for n in range(int(floor / step + 1e-9) + 1):
        y = _y(n * step, floor)
        out.append(svg.element("line", x1=LEFT, y1=y, x2=RIGHT, y2=y, stroke=GRID, class_="grid"))
        # The target's own label stands in its line's place.
        if abs(y - _y(100.0 - target, floor)) > 11:
            name = f"{limit(100.0 - n * step)} %"
            out.append(
                svg.label(LEFT - 8, y + 4, name, font_size=11.5, fill=SOFT, class_="soft", text_anchor="end")
            )
    return out


def _target(target: float, floor: float) -> list[Element]:
    y = _y(100.0 - target, floor)
    return [
        svg.element(
            "line",
            x1=LEFT,
            y1=y,
            x2=RIGHT,
            y2=y,
            stroke=TARGET,
            stroke_width=1.6,
            stroke_dasharray="6 3",
            class_="target-line",
        ),
        svg.label(
            LEFT - 8,
            y + 4,
            f"{limit(target)} %",
            font_size=11.5,
            font_weight=600,
            fill=TARGET,
            class_="target",
            text_anchor="end",
        ),
    ]


def _day(days: Days, n: int, one: Answered | None, target: float, floor: float) -> Element:
    day, x, width = days.days[n], days.x(n) + 2, days.slot - 4
    said = svg.element("title", text=f"{words(day)}: {_said(day, one, days, target)}")
    if one is None:
        if day > days.last:
            return svg.element("g", said)
        empty = svg.element(
            "rect",
            x=x + 0.5,
            y=STRIP + 0.5,
            width=width - 1,
            height=HIGH - 1,
            fill="none",
            stroke=GRID,
            class_="grid",
        )
        return svg.element("g", said, empty)
    look: dict[str, svg.Attribute] = {
        "x": x,
        "width": width,
        "fill": MISSED if _missed(one, target) else MET,
        "class_": "bar missed" if _missed(one, target) else "bar met",
    }
    parts = [svg.element("rect", y=STRIP, height=HIGH, **look)]
    if one.failed:
        foot = _y(_failed(one), floor)
        parts.append(svg.element("rect", y=TOP, height=max(foot - TOP, 1), **look))
        if _failed(one) > floor:
            parts.append(_torn(x - 1, width + 2, foot - 14))
    return svg.element("g", said, *parts)


def _torn(x: float, width: float, y: float) -> Element:
    """A gap across a bar that goes on below the scale."""
    return svg.element(
        "path",
        d=f"M {x:.1f} {y + 4:.1f} l {width / 2:.1f} -4 l {width / 2:.1f} 4",
        fill="none",
        stroke=PAPER,
        stroke_width=3,
        class_="gap",
    )


def _values(days: Days, asked: Mapping[date, Answered], target: float, floor: float) -> list[Element]:
    """Numbers at the days that missed the target, from the worst on, where nothing else is in their way."""
    feet = [_y(_failed(asked[day]), floor) if day in asked else TOP for day in days.days]
    missed = sorted(
        (-_failed(asked[day]), n) for n, day in enumerate(days.days) if _missed(asked.get(day), target)
    )
    out, taken = list[Element](), list[tuple[int, float]]()
    for _, n in missed:
        y = feet[n] + 12
        before, after = (0 <= m < len(feet) and feet[m] > y - 10 for m in (n - 1, n + 1))
        crowded = any(abs(n - other) < 2 and abs(y - its) < 13 for other, its in taken)
        if crowded or (before and after):
            continue
        taken.append((n, y))
        # Beside a longer bar the number begins, or ends, with its own.
        anchor, share = ("start", 0.08) if before else ("end", 0.92) if after else ("middle", 0.5)
        out.append(
            svg.label(
                days.x(n) + days.slot * share,
                y,
                percent(asked[days.days[n]], target).removesuffix(" %"),
                font_size=11,
                font_weight=600,
                fill=INK,
                class_="ink",
                text_anchor=anchor,
            )
        )
    return out


def _missed(one: Answered | None, target: float) -> bool:
    return one is not None and answered_met(one, target) is False


def _said(day: date, one: Answered | None, days: Days, target: float) -> str:
    if one is None:
        return "still to come" if day > days.last else "no requests"
    return f"{percent(one, target)} of {one.requests:,} requests answered"


def _description(days: Days, asked: Mapping[date, Answered], target: float) -> str:
    """For those who do not see it: how many days were good, and each that was not."""
    missed = [
        f"{words(day)} {percent(asked[day], target)}" for day in days.days if _missed(asked.get(day), target)
    ]
    met = len(asked) - len(missed)
    said = f"{met} of {len(asked)} days with requests met the target of {limit(target)} %."
    return f"{said} Below it: {', '.join(missed)}." if missed else said
