"""Estates for drills: their window is open now, or has long been closed."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.e2e.machine import ROOT

APPROVED = "approved_by: CAB"
DRILLS = re.compile(r"^drills:\n(?:[ \t#].*\n|\n)*", re.MULTILINE)
"""The whole section, as the sample estate has it."""


def estate_with_drill_at(folder: Path, moment: datetime, *, approved: bool = True) -> Path:
    """The sample estate with one drill date: a window of two hours that opens at that minute (UTC)."""
    sample = (ROOT / "shared/estate/contoso.yaml").read_text(encoding="utf-8")
    head = DRILLS.sub("", sample).rstrip()
    assert len(head) < len(sample) - 100
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "estate.yaml"
    moment = moment.astimezone(UTC)
    path.write_text(
        f"{head}\n\ndrills:\n  time_zone: Etc/UTC\n  start: {moment:%H:%M}\n  length: PT2H\n  takes: PT1H\n  dates:\n"
        f"    - {{date: {moment:%Y-%m-%d}, change: CHG-00001{', ' + APPROVED if approved else ''}}}\n",
        encoding="utf-8",
    )
    return path


def minutes_ago(minutes: float) -> datetime:
    return datetime.now(UTC) - timedelta(minutes=minutes)
