"""What a plan is made from, and how a plan's function becomes findable."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from shared.model.plan import Mode, Plan, PlanKind
from shared.model.wire import Strict

if TYPE_CHECKING:
    from shared.model.estate import Estate


class PlanRequest(Strict):
    """What whoever starts a plan says; `parameters` is parsed by the plan's own type."""

    mode: Mode
    outage_started_at: datetime | None = None


class NoParameters(Strict):
    """For plans that take none."""


@dataclass(frozen=True)
class PlanMaker:
    """A catalog entry: `make` is pure, so a plan can be drawn, previewed and tested."""

    name: str
    kind: PlanKind
    title: str
    parameters: type[Strict]
    make: Callable[..., Plan]

    def __call__(self, estate: "Estate", request: PlanRequest, parameters: Strict | None = None) -> Plan:
        return self.make(estate, request, parameters or self.parameters())


def plan[P: Strict](
    kind: PlanKind, parameters: type[P] = NoParameters
) -> Callable[[Callable[["Estate", PlanRequest, P], Plan]], PlanMaker]:
    """Make a function `(estate, request, parameters) -> Plan` a plan of the catalog, under its own name."""

    def register(make: Callable[["Estate", PlanRequest, P], Plan]) -> PlanMaker:
        title = (make.__doc__ or "").strip().split("\n")[0].rstrip(".")
        return PlanMaker(make.__name__, kind, title, parameters, make)

    return register
