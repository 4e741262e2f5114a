"""The drill as a log, one line for each change: for pipes, files, CI, and terminals without colour."""

import time
from typing import Self

from infra.local.drill.picture import Picture, faring, timed
from shared.model.run import RunRecord, StepRecord, StepStatus
from shared.reports.wording import line


class Plain:
    """Prints as it goes; every line begins with the seconds since the drill began."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._steps: dict[str, tuple[StepStatus, int, str]] = {}
        self._tenants: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *ignored: object) -> None:
        pass

    def say(self, what: str) -> None:
        print(f"{time.monotonic() - self._began:6.1f} s  {what}", flush=True)

    def show(self, picture: Picture) -> None:
        for tenant in picture.truth.tenants:
            fares = faring(tenant)
            if self._tenants.get(tenant.name) != fares:
                self._tenants[tenant.name] = fares
                self.say(f"tenant {tenant.name}: {fares}")
        if picture.run is not None:
            self._show_steps(picture, picture.run)

    def _show_steps(self, picture: Picture, run: RunRecord) -> None:
        width = max((len(step.name) for step in run.steps), default=0)
        for step in run.steps:
            now = step.status, step.failures, _trying(step)
            if now[0] is not StepStatus.PENDING and self._steps.get(step.name) != now:
                self._steps[step.name] = now
                self.say(f"{step.name.ljust(width)}  {_change(step, picture)}")


def _change(step: StepRecord, picture: Picture) -> str:
    seconds = picture.seconds_of(step)
    if not step.status.over or seconds is None:
        what = step.error or step.summary
        said = step.status.value.replace("_", " ")
        if trying := _trying(step):
            said, what = trying, line(what, 120)
    else:
        what = step.summary if step.status is StepStatus.SUCCEEDED else step.error or step.summary
        said = f"{step.status} in {timed(seconds, picture.truth.speed)}"
    return f"{said}: {line(what, 400)}" if what else said


def _trying(step: StepRecord) -> str:
    """Which attempt a step is at that has failed before and is tried again."""
    return f"attempt {step.attempts}" if step.error and step.status is StepStatus.RUNNING else ""
