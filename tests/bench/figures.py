"""A figure, its reference and its limit, and how they are shown and kept."""

import json
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Figure:
    """One goal. `at_least` turns the limit round."""

    name: str
    value: float
    limit: float
    measured: str
    reference: str
    at_least: bool = False

    @property
    def ok(self) -> bool:
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def __str__(self) -> str:
        sign, verdict = ("≥" if self.at_least else "≤"), ("met" if self.ok else "missed")
        return f"{self.name}: {self.value:.2f} {sign} {self.limit:.2f} {verdict} ({self.measured}; {self.reference})"


def show(figures: list[Figure], file: Path) -> bool:
    """Print all of them, write `{name: {value, limit, ok}}`, and say whether every goal is met."""
    table = Table(
        "figure", "value", "limit", "measured", "reference", "", title="Foundry Ops, measured here and now"
    )
    for figure in figures:
        sign = "≥" if figure.at_least else "≤"
        verdict = "[green]met[/]" if figure.ok else "[red]missed[/]"
        table.add_row(
            figure.name,
            f"{figure.value:.2f}",
            f"{sign} {figure.limit:.2f}",
            figure.measured,
            figure.reference,
            verdict,
        )
    Console(width=150).print(table)
    file.parent.mkdir(parents=True, exist_ok=True)
    content = {
        figure.name: {"value": round(figure.value, 4), "limit": figure.limit, "ok": figure.ok}
        for figure in figures
    }
    file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return all(figure.ok for figure in figures)
