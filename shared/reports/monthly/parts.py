"""What the operations report is made of: tiles, and sections of facts, tables and notes, the same in every form."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from shared.reports.run_view import Fact
from shared.reports.wording import Moment, counted

Tone = Literal["", "good", "waiting", "bad"]
UNREAD = "not read"
ROWS = 50
"""How many incidents or alerts one table shows; the report says how many more there are."""


@dataclass(frozen=True)
class Cell:
    """A cell of a table: words, a verdict beside them (`met`, `missed`), a quieter note below them."""

    text: str
    verdict: str = ""
    note: str = ""
    tone: Tone = ""
    at: Moment | None = None


@dataclass(frozen=True)
class Column:
    """A column: `share` is its part of a page's width; numbers stand flush right, and a short word is never broken."""

    name: str
    share: float = 1.0
    kind: Literal["words", "short", "number"] = "words"


@dataclass(frozen=True)
class Table:
    """A table; the first cell of a row names it."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Section:
    """A part of the report: sentences, facts, a drawing by its name with its caption, tables, and quieter notes."""

    name: str
    heading: str
    says: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    chart: str = ""
    chart_says: str = ""
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tile:
    """One of the report's first figures; `tone` colours it where it is bad."""

    name: str
    value: str
    note: str = ""
    tone: Tone = ""


def milliseconds(value: float | None) -> str:
    return "none" if value is None else f"{value:,.0f} ms"


def limit(target: float) -> str:
    """A target as it was set: `99.9`, `2,000`; no zeros that nobody wrote."""
    return f"{target:,.4f}".rstrip("0").rstrip(".")


def verdict(met: bool | None) -> str:  # noqa: FBT001 - the answer itself
    return "" if met is None else "met" if met else "missed"


def listed(counts: Sequence[tuple[int, str]]) -> str:
    """`1 critical, 3 high`: what there is none of is left out."""
    return ", ".join(f"{number:,} {what}" for number, what in counts if number)


def capped[T](rows: Sequence[T], noun: str, limit: int = ROWS) -> tuple[Sequence[T], tuple[str, ...]]:
    """As many rows as a table shows, and a sentence about those that it does not."""
    more = len(rows) - limit
    if more <= 0:
        return rows, ()
    are = "is" if more == 1 else "are"
    return rows[:limit], (
        f"The first {limit} of {len(rows):,}; {counted(more, f'more {noun}')} {are} not shown here.",
    )
