"""What a display shows of a drill at one moment, whatever way it shows it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, Self

from infra.local.drill.truth import Operation, Tenant, Truth
from shared.model.estate import Estate
from shared.model.run import RunRecord, StepRecord, StepStatus
from shared.reports.verdict import stands_for
from shared.reports.wording import duration


@dataclass(frozen=True)
class Picture:
    """One look at the world and at the run, if there is one yet."""

    estate: Estate
    truth: Truth
    outage_since: datetime | None = None
    run: RunRecord | None = None

    def seconds_of(self, step: StepRecord) -> float | None:
        """Real seconds that a step has taken so far, or took; None before it starts."""
        if step.started_at is None:
            return None
        end = step.finished_at or self.truth.read_at
        return max((end - step.started_at).total_seconds(), 0.0)

    def operation_of(self, step: StepRecord) -> Operation | None:
        """What Azure is doing to the services of a running step; the longest when it is several things."""
        if step.status not in {StepStatus.RUNNING, StepStatus.UNDOING}:
            return None
        ids = [
            str(found).lower()
            for service in self.estate.services
            if service.name in step.services
            for found in (service.resource_id, getattr(service, "recovery_resource_id", service.resource_id))
        ]
        return max(
            (
                one
                for one in self.truth.operations
                if any(f"{one.resource}/".startswith(f"{one_id}/") for one_id in ids)
            ),
            key=lambda one: one.due,
            default=None,
        )

    def done_of(self, operation: Operation) -> float:
        """How much of an operation is over, from 0 to 1: the simulator knows when each is due."""
        whole = operation.due - operation.started
        return min(max((self.truth.now - operation.started) / whole, 0.0), 1.0) if whole > 0 else 1.0


class Display(Protocol):
    """How a drill is shown while it goes on."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *ignored: object) -> None: ...

    def say(self, what: str) -> None:
        """Something has happened that is no step and no traffic."""
        ...

    def show(self, picture: Picture) -> None:
        """The newest look at the world."""
        ...


def timed(seconds: float, speed: float) -> str:
    """`8.4 s (4 min 12 s)`: what was measured, and what it stands for."""
    stands = simulated(seconds, speed)
    return f"{duration(seconds)} ({stands})" if stands else duration(seconds)


def simulated(seconds: float, speed: float) -> str:
    """`4 min 12 s` for 8.4 s at a speed of 30, in whole seconds; nothing at a speed of 1."""
    return "" if speed == 1 else stands_for(round(seconds * speed) / speed, speed)


def faring(tenant: Tenant) -> str:
    """How a tenant's requests fare, in words."""
    if tenant.well:
        return f"served from {tenant.served_by}"
    return f"fails: {tenant.reason}"
