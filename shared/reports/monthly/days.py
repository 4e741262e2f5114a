"""The days of a month along a drawing: one slot a day, from the first to the last."""

from dataclasses import dataclass
from datetime import date, timedelta
from xml.etree.ElementTree import Element
from zoneinfo import ZoneInfo

from shared.model.monthly import MonthlyReport
from shared.reports import svg
from shared.reports.svg import INK, SOFT

WIDTH, RIGHT = 880.0, 870.0


@dataclass(frozen=True)
class Days:
    """A month's days between `left` and the right edge; days after `last` had not begun when the report was made."""

    days: tuple[date, ...]
    last: date
    left: float

    @classmethod
    def of(cls, report: MonthlyReport, left: float) -> "Days":
        zone = ZoneInfo(report.time_zone)
        first = report.since.astimezone(zone).date()
        # `until` is where the next month begins, which may be any hour of its first day that exists.
        until = (report.until - timedelta(microseconds=1)).astimezone(zone).date()
        days = tuple(first + timedelta(days=n) for n in range((until - first).days + 1))
        return cls(days, report.made_at.astimezone(zone).date(), left)

    @property
    def slot(self) -> float:
        return (RIGHT - self.left) / len(self.days)

    def x(self, number: int) -> float:
        """Where the slot of a day begins, counted from 0."""
        return self.left + number * self.slot

    def names(self, y: float) -> list[Element]:
        """Days of the month, those to come in grey."""
        return [
            svg.label(
                self.x(n) + self.slot / 2,
                y,
                str(day.day),
                font_size=11.5,
                text_anchor="middle",
                fill=SOFT if day > self.last else INK,
                class_="soft" if day > self.last else "ink",
            )
            for n, day in enumerate(self.days)
        ]


def words(day: date) -> str:
    """`Thu 1 Oct`."""
    return f"{day:%a} {day.day} {day:%b}"
