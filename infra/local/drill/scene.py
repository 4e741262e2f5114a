"""One drill as it goes on: the estate, the world under it, and what has happened so far."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from infra.local.drill import truth
from infra.local.drill.api import Api
from infra.local.drill.failures import DrillFailed
from infra.local.drill.picture import Display, Picture
from infra.local.drill.truth import Truth
from shared.model.estate import Estate
from shared.model.plan import Mode
from shared.model.run import RunRecord

LOOK_EVERY = 0.2
"""Real seconds between two looks at the world."""
PATIENCE = 30.0
"""Real seconds for what the app does at once."""

type Fault = dict[str, Any]
"""The body of `POST /_sim/faults`: `kind`, `target`, and what else that kind takes."""


@dataclass
class Scene:
    """What a scenario is handed. `began` is when things broke, `since` when that hurt; both in real time."""

    estate: Estate
    mode: Mode
    api: Api
    display: Display
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    since: datetime | None = None
    notes: dict[str, Any] = field(default_factory=dict[str, Any])

    def look(self, run: RunRecord | None = None) -> Truth:
        """The truth now; whoever watches sees it too."""
        before = datetime.now(UTC)
        world = self.api.get("/_sim/world")
        seen = truth.read(world, before + (datetime.now(UTC) - before) / 2)
        self.display.show(Picture(self.estate, seen, self.since, run))
        return seen

    def say(self, what: str) -> None:
        """Tell whoever watches."""
        self.display.say(what)

    def until[T](self, what: str, found: Callable[[], T | None], *, simulated: float = 0.0) -> T:
        """Look again and again until something is found; so many simulated seconds are allowed for it."""
        patience = PATIENCE + (simulated / self.look().speed if simulated else 0.0)
        deadline = time.monotonic() + patience
        while not (thing := found()):
            if time.monotonic() > deadline:
                raise DrillFailed(f"waited {patience:.0f} s in vain until {what}")
            time.sleep(LOOK_EVERY)
        return thing

    def let_pass(self, seconds: float) -> None:
        """Let so many simulated seconds pass, with whatever traffic flows in them."""
        end = self.look().now + seconds
        self.until(
            f"{seconds:g} simulated seconds are over", lambda: self.look().now >= end, simulated=seconds
        )

    def inject(self, fault: Fault) -> str:
        """Break something; returns what `mend` takes."""
        injected = self.api.post("/_sim/faults", fault)
        self.say(f"{fault['kind']} of {fault['target']} begins")
        return injected["id"]

    def mend(self, fault_id: str) -> None:
        """End a fault."""
        ended = self.api.delete(f"/_sim/faults/{fault_id}")
        self.say(f"{ended['kind']} of {ended['target']} ends")
