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
    """A catalog entry: `make` is pure, so a plan can be drawn, previewed and tested.

    `for_outages`: it is for what others see begin, so that it need not be said since when. Where data is brought back
    to a moment that must never be guessed.
    """

    name: str
    kind: PlanKind
    title: str
    parameters: type[Strict]
    make: Callable[..., Plan]
    example: Callable[..., Strict] | None = None
    for_outages: bool = False

    def sample(self, estate: "Estate") -> Strict:
        """Plausible parameters, to show the plan with; a plan whose parameters all have defaults needs no example."""
        if self.example is not None:
            return self.example(estate)
        if asked := [name for name, field in self.parameters.model_fields.items() if field.is_required()]:
            raise ValueError(f"plan {self.name}: give @plan an example, for it asks for {', '.join(asked)}")
        return self.parameters()

    def __call__(self, estate: "Estate", request: PlanRequest, parameters: Strict | None = None) -> Plan:
        return self.make(estate, request, parameters or self.parameters())


def plan[P: Strict](
    kind: PlanKind,
    parameters: type[P] = NoParameters,
    example: "Callable[[Estate], P] | None" = None,
    *,
    for_outages: bool = False,
) -> Callable[[Callable[["Estate", PlanRequest, P], Plan]], PlanMaker]:
    """Make a function `(estate, request, parameters) -> Plan` a plan of the catalog, under its own name.

    `example` makes parameters that runbook and list of plans show it with; needed where some have no default.
    """

    def register(make: Callable[["Estate", PlanRequest, P], Plan]) -> PlanMaker:
        title = (make.__doc__ or "").strip().split("\n")[0].rstrip(".")
        return PlanMaker(make.__name__, kind, title, parameters, make, example, for_outages)

    return register
