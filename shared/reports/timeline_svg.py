"""Draws a run's timeline: one bar a step on a time axis, in a form that browsers and typst both read."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count, takewhile
from xml.etree.ElementTree import Element

from shared.model.plan import Mode
from shared.model.run import RunRecord
from shared.reports import svg
from shared.reports.svg import GRID, INK, PAPER, SOFT, TARGET
from shared.reports.timeline import Bar, Row, Timeline, critical_path, newest, timeline
from shared.reports.wording import Clock, duration, line

# White text on each of these has a contrast of at least 4.5 to 1; a test holds them to it.
COLOURS = {
    "outage": "#344054",
    "outage_open": "#912018",
    "waiting_for_approval": "#6938b5",
    "waiting_for_operator": "#95560a",
    "succeeded": "#1a7a4a",
    "running": "#175cd3",
    "failed": "#b42318",
    "skipped": "#667085",
    "unknown": "#a3257a",
    "undoing": "#0e6f8c",
    "undone": "#0e6f8c",
    "pending": "#667085",
}
DASHES: dict[str, svg.Attribute] = {"stroke_width": 1.6, "stroke_dasharray": "4 2.5"}
WAITING = frozenset({"waiting_for_approval", "waiting_for_operator"})

WIDTH, HEAD, FOOT, ROW, BAR = 880.0, 58.0, 34.0, 27.0, 15.0
LEFT, RIGHT, SAID = 186.0, 662.0, 676.0  # the axis begins, ends; the words begin
TICKS = (
    0.1,
    0.2,
    0.5,
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1800,
    3600,
    7200,
    10800,
    21600,
    43200,
    86400,
)


def timeline_svg(
    record: RunRecord, *, time_zone: str = "UTC", now: datetime | None = None, speed: float = 1.0
) -> str:
    """The timeline as one `<svg>` element without scripts, styles or anything external."""
    chart = timeline(record, now=now, speed=speed)
    clock = Clock.of(time_zone, record.started_at)
    scale = _Scale(chart)
    height = HEAD + ROW * len(chart.rows) + FOOT
    path = critical_path(record, newest(record, now))
    words = [f"{row.label}: {row.text}." for row in chart.rows]
    if len(path) > 1:
        words.append(f"Critical path: {', '.join(path)}.")
    return svg.document(
        svg.element("rect", width=WIDTH, height=height, fill=PAPER, class_="paper"),
        *_axis(chart, record, clock, scale, height),
        *_needs(chart, scale),
        *(_row(row, scale, i) for i, row in enumerate(chart.rows)),
        *_target(chart, record, scale, height),
        *_legend(chart, height),
        name="timeline",
        width=WIDTH,
        height=height,
        title=f"Timeline of {line(record.title or record.plan)}",
        description=" ".join(line(word) for word in words),
    )


@dataclass(frozen=True)
class _Scale:
    chart: Timeline

    @property
    def seconds(self) -> float:
        """A target that the run came near to is drawn in its place; a far one is only pointed at."""
        target = self.chart.target
        near = target is not None and 0 < target <= 1.4 * self.chart.span
        return max(self.chart.span, target if near and target else 0.0) * 1.02

    def x(self, at: float) -> float:
        return LEFT + min(max(at / self.seconds, 0.0), 1.0) * (RIGHT - LEFT)

    @staticmethod
    def middle(row: int) -> float:
        return HEAD + ROW * row + ROW / 2


def tick_seconds(span: float, most: int = 6) -> float:
    """The smallest round step of which at most so many fit into the span."""
    for step in TICKS:
        if span / step <= most:
            return step
    return next(86400.0 * days for days in (2**n for n in count(1)) if span / (86400 * days) <= most)


def _axis(chart: Timeline, record: RunRecord, clock: Clock, scale: _Scale, height: float) -> list[Element]:
    bottom = height - FOOT
    start = ("drill" if record.mode == Mode.DRILL else "outage") if chart.zero_is_outage else "run"
    out = [
        svg.label(0, 31, f"Since the {start} began", font_size=11, fill=SOFT, class_="soft"),
        svg.label(0, 13, f"Times in {clock.name}", font_size=10.5, fill=SOFT, class_="soft"),
        svg.label(0, 47, "Time of day", font_size=10.5, fill=SOFT, class_="soft"),
    ]
    step = tick_seconds(scale.seconds)
    first = -int(chart.zero // step)
    for n in takewhile(lambda n: chart.zero + n * step <= scale.seconds, count(first)):
        at = chart.zero + n * step
        x = scale.x(at)
        elapsed = duration(n * step) if n else "0"
        local = clock.moment(chart.origin + timedelta(seconds=at)).text
        out += [
            svg.element("line", x1=x, y1=HEAD - 4, x2=x, y2=bottom, stroke=GRID, class_="grid"),
            svg.label(x, 31, elapsed, font_size=11.5, fill=INK, class_="ink", text_anchor="middle"),
            svg.label(x, 47, local, font_size=10.5, fill=SOFT, class_="soft", text_anchor="middle"),
        ]
    return out


def _needs(chart: Timeline, scale: _Scale) -> list[Element]:
    """Elbows from the end of what a step needed to its own beginning, the critical ones last and darker."""
    out = list[tuple[bool, Element]]()
    for i, row in enumerate(chart.rows):
        along = [n for n in row.needs if row.critical and chart.rows[n].critical and chart.rows[n].bars]
        decisive = max(along, key=lambda n: chart.rows[n].bars[-1].end, default=None)
        for need in row.needs:
            before = chart.rows[need]
            if not row.bars or not before.bars:
                continue
            x1, x2 = scale.x(before.bars[-1].end), scale.x(row.bars[0].start)
            critical = need == decisive
            elbow = (
                f"M {x1:.1f} {scale.middle(need) + BAR / 2:.1f} V {scale.middle(i):.1f} H {max(x1, x2):.1f}"
            )
            line_ = svg.element(
                "path",
                d=elbow,
                fill="none",
                stroke=INK if critical else "#98a2b3",
                stroke_width=1.6 if critical else 1,
                class_="need critical" if critical else "need",
            )
            out.append((critical, line_))
    return [element for _, element in sorted(out, key=lambda pair: pair[0])]


def _row(row: Row, scale: _Scale, i: int) -> Element:
    middle = scale.middle(i)
    strong: dict[str, svg.Attribute] = {"font_weight": 600} if row.critical else {}
    parts = [
        svg.element("title", text=row.tooltip),
        svg.label(
            0, middle + 4, svg.fitted(row.label, 12, LEFT - 14), fill=INK, class_="ink label", **strong
        ),
    ]
    for bar in row.bars:
        parts += _bar(bar, scale, middle, critical=row.critical)
    for mark in row.marks:
        x, size = scale.x(mark.at), 5.5
        diamond = f"M {x:.1f} {middle - size:.1f} l {size} {size} l -{size} {size} l -{size} -{size} Z"
        parts.append(
            svg.element(
                "path",
                svg.element("title", text=mark.text),
                d=diamond,
                fill=PAPER,
                stroke=INK,
                stroke_width=1.4,
                class_="mark",
            )
        )
    parts.append(_said(row, middle))
    return svg.element("g", *parts, class_="row")


def _bar(bar: Bar, scale: _Scale, middle: float, *, critical: bool) -> list[Element]:
    x = scale.x(bar.start)
    box: dict[str, svg.Attribute] = {
        "x": x,
        "y": middle - BAR / 2,
        "width": max(scale.x(bar.end) - x, 3),
        "height": BAR,
        "rx": 2.5,
    }
    colour = COLOURS.get(bar.state, COLOURS["unknown"])
    if bar.state in WAITING:  # an outline with dashes: told apart from work without any colour
        return [
            svg.element("rect", fill=colour, fill_opacity=0.2, **box),
            svg.element("rect", fill="none", stroke=colour, class_=f"edge {bar.state}", **DASHES, **box),
        ]
    edge: dict[str, svg.Attribute] = {"stroke": INK, "stroke_width": 2} if critical else {}
    kind = f"bar {bar.state} critical" if critical else f"bar {bar.state}"
    return [svg.element("rect", fill=colour, class_=kind, **box, **edge)]


def _said(row: Row, middle: float) -> Element:
    """The status in words, in a column of its own: on the bars it would be crossed by lines and cut short."""
    begun = {"class_": "ink", "fill": INK} if row.bars else {"class_": "soft", "fill": SOFT}
    return svg.label(SAID, middle + 4, svg.fitted(row.text, 11, WIDTH - SAID), font_size=11, **begun)


def _target(chart: Timeline, record: RunRecord, scale: _Scale, height: float) -> list[Element]:
    if chart.target is None or record.rto.target_seconds is None:
        return []
    name = f"target {duration(record.rto.target_seconds)}"
    style: dict[str, svg.Attribute] = {
        "font_size": 11.5,
        "fill": TARGET,
        "font_weight": 600,
        "class_": "target",
    }
    if not 0 < chart.target <= scale.seconds:
        name = f"{name} lies further right →" if chart.target > 0 else f"← {name} had passed"
        return [svg.label(RIGHT, 13, name, text_anchor="end", **style)]
    x = scale.x(chart.target)
    return [
        svg.element(
            "line",
            x1=x,
            y1=HEAD - 7,
            x2=x,
            y2=height - FOOT,
            stroke=TARGET,
            stroke_width=2,
            stroke_dasharray="6 3",
            class_="target-line",
        ),
        svg.label(x, 13, name, text_anchor="middle", **style),
    ]


def _legend(chart: Timeline, height: float) -> list[Element]:
    """Only what this chart shows."""
    y, x, out = height - 12, 0.0, list[Element]()
    states = dict.fromkeys(bar.state for row in chart.rows for bar in row.bars)
    entries = [state for state in states if not state.startswith("outage")]
    if any(row.critical for row in chart.rows):
        entries.append("critical path")
    if any(row.marks for row in chart.rows):
        entries.append("decision")
    for entry in entries:
        words = "effect unknown" if entry == "unknown" else entry.replace("_", " ")
        box: dict[str, svg.Attribute] = {"x": x + 1, "y": y - 9, "width": 14, "height": 10, "rx": 2}
        if entry == "decision":
            shape = svg.element(
                "path",
                d=f"M {x + 8:.1f} {y - 9.5:.1f} l 5.5 5.5 l -5.5 5.5 l -5.5 -5.5 Z",
                fill=PAPER,
                stroke=INK,
                stroke_width=1.4,
                class_="mark",
            )
        elif entry == "critical path":
            shape = svg.element("rect", fill="none", stroke=INK, stroke_width=2, class_="critical", **box)
        elif entry in WAITING:
            shape = svg.element(
                "rect", fill="none", stroke=COLOURS[entry], class_=f"edge {entry}", **DASHES, **box
            )
        else:
            shape = svg.element("rect", fill=COLOURS[entry], class_=f"bar {entry}", **box)
        out += [shape, svg.label(x + 20, y, words, font_size=11, fill=SOFT, class_="soft")]
        x += 20 + svg.width_of(words, 11) + 16
    return out
