"""The drill as a picture that changes in place, for terminals from 80 columns on."""

import time
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from infra.local.drill.picture import Picture, simulated
from infra.local.drill.truth import Tenant
from shared.model.run import RunRecord, StepRecord, StepStatus
from shared.reports.wording import duration, line

SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
BLOCK_SECONDS = 15
"""Simulated seconds in one block of a tenant's strip; the simulator keeps the last fifteen minutes."""
WIDE = 100
BAR = 12

_SIGNS: dict[StepStatus, tuple[str, str]] = {
    StepStatus.PENDING: ("·", "dim"),
    StepStatus.SUCCEEDED: ("✔", "green"),
    StepStatus.FAILED: ("✘", "red"),
    StepStatus.UNKNOWN: ("?", "red"),
    StepStatus.SKIPPED: ("-", "dim"),
    StepStatus.UNDONE: ("↩", "yellow"),
    StepStatus.WAITING_FOR_OPERATOR: ("!", "bold red"),
}


class Picturesque:
    """What is said scrolls by above; steps and tenants stay in place below it."""

    def __init__(self, console: Console) -> None:
        self._began = time.monotonic()
        self._console = console
        self._live = Live(console=console, auto_refresh=False, vertical_overflow="crop")

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *ignored: object) -> None:
        self._live.stop()

    def say(self, what: str) -> None:
        row = Table.grid(padding=(0, 2, 0, 0))
        row.add_column(justify="right", style="dim", no_wrap=True, width=8)
        row.add_column(ratio=1)
        row.add_row(f"{time.monotonic() - self._began:.1f} s", Text(what))
        self._console.print(row)

    def show(self, picture: Picture) -> None:
        self._live.update(drawn(picture, self._console.width), refresh=True)


def drawn(picture: Picture, width: int) -> RenderableType:
    """The whole picture for a terminal so many columns wide."""
    parts: list[RenderableType] = [Text()]
    if picture.outage_since is not None:
        parts += [_clock(picture, picture.run), Text()]
    if picture.run is not None:
        parts += [_steps(picture, picture.run, width), Text()]
    parts.append(_tenants(picture, width))
    return Group(*(Padding(part, (0, 1)) for part in parts))


def _clock(picture: Picture, run: RunRecord | None) -> RenderableType:
    """The recovery clock; it stands still as soon as the run has measured it."""
    assert picture.outage_since is not None
    speed = picture.truth.speed
    measured = run.rto.measured_seconds if run else None
    seconds = (
        measured if measured is not None else (picture.truth.read_at - picture.outage_since).total_seconds()
    )
    target = run.rto.target_seconds if run else None
    said = Text(f"{'recovered in' if measured is not None else 'out for'} {duration(seconds)}", style="bold")
    if stands := simulated(seconds, speed):
        said.append(f", stands for {stands}", style="not bold")
    if target is not None:
        said.append(f", target {duration(target)}", style="not bold dim")
    return Rule(said, style="green" if measured is not None else "red", align="left")


def _steps(picture: Picture, run: RunRecord, width: int) -> RenderableType:
    table = Table.grid(padding=(0, 2, 0, 0), expand=True)
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True, min_width=6)
    if picture.truth.speed != 1:
        table.add_column(justify="right", no_wrap=True, style="dim", min_width=10)
    table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    for step in run.steps:
        seconds = picture.seconds_of(step)
        times = ["", ""]
        if seconds is not None:
            times = [f"{seconds:.1f} s", simulated(seconds, picture.truth.speed)]
        times = times if picture.truth.speed != 1 else times[:1]
        table.add_row(_name(step), *times, _detail(step, picture, run, width))
    return table


def _name(step: StepRecord) -> Text:
    spinning = SPINNER[int(time.monotonic() * 8) % len(SPINNER)]
    sign, style = _SIGNS.get(step.status, (spinning, "cyan"))
    dim = "dim" if step.status in {StepStatus.PENDING, StepStatus.SKIPPED} else ""
    return Text.assemble((sign, style), " ", (step.name, dim))


def _detail(step: StepRecord, picture: Picture, run: RunRecord, width: int) -> Text:
    if step.status is StepStatus.PENDING:
        over = {other.name for other in run.steps if other.status.over}
        needs = [need for need in step.needs if need not in over]
        more = f" and {len(needs) - 1} more" if len(needs) > 1 else ""
        return Text(f"after {needs[0]}{more}" if needs else "", style="dim")
    said = line(step.error if step.error and step.status is not StepStatus.SUCCEEDED else step.summary)
    operation = picture.operation_of(step)
    if operation is None:
        return Text(said, style="red" if step.error and step.status is not StepStatus.SUCCEEDED else "")
    done = picture.done_of(operation)
    full = round(done * BAR)
    bar = Text.assemble(("━" * full, "cyan"), ("─" * (BAR - full), "dim"))
    bar.append(f" {done:4.0%} of {duration(operation.due - operation.started)}")
    if width >= WIDE:
        bar.append(f"  {said}", style="dim")
    return bar


def _tenants(picture: Picture, width: int) -> RenderableType:
    table = Table.grid(padding=(0, 2, 0, 0), expand=True)
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    regions = max(len(region) for region in picture.estate.regions)
    table.add_column(no_wrap=True, min_width=regions)
    table.add_column(ratio=1, no_wrap=True, overflow="crop")
    names = max((len(tenant.name) for tenant in picture.truth.tenants), default=0)
    left = width - 26 - regions - max(names, len("tenant"))
    minute = 60 // BLOCK_SECONDS
    blocks = max(min(left // minute, 15), 1) * minute
    head = ("tenant", "ok", "failing", "from", f"the last {duration(blocks * BLOCK_SECONDS)}")
    table.add_row(*(Text(word, style="dim") for word in head))
    for tenant in picture.truth.tenants:
        ok = Text(f"{tenant.ok_rate:.1f}/s", style="green" if tenant.ok_rate else "dim")
        failing = Text(f"{tenant.failing_rate:.1f}/s", style="bold red" if tenant.failing_rate else "dim")
        served = tenant.served_by if tenant.well else "nowhere"
        table.add_row(
            tenant.name, ok, failing, Text(served, style="" if tenant.well else "red"), _strip(tenant, blocks)
        )
    return table


def _strip(tenant: Tenant, blocks: int) -> Text:
    """One block a quarter of a minute: full when all went well, low when not, so that no colour is needed."""
    strip = Text()
    newest = max(tenant.seconds, default=0) // BLOCK_SECONDS
    for block in range(newest - blocks + 1, newest + 1):
        seconds = range(block * BLOCK_SECONDS, (block + 1) * BLOCK_SECONDS)
        known = [tenant.seconds[second] for second in seconds if second in tenant.seconds]
        if known:
            strip.append("█" if all(known) else "▁", style="green" if all(known) else "red")
    return strip
