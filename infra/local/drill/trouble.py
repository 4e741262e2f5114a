"""What an incident drill is about: a `Trouble` that an alert rule sees by itself, found in `incidents/<name>.py`."""

import importlib
import pkgutil
import re
from datetime import datetime
from functools import cache
from typing import ClassVar

from infra.local.drill import incidents, verdict
from infra.local.drill.alerting import connect
from infra.local.drill.scenario import Scenario
from infra.local.drill.scene import Scene
from infra.local.drill.truth import Truth
from shared.model.incident import Incident
from shared.model.plan import Mode

QUIET = 15
"""Real seconds for which an incident is watched in a drill before it closes; the sample estate says ten minutes."""
_QUIET_LINE = re.compile(r"^  quiet_before_close:.*\n", re.MULTILINE)


class Trouble(Scenario):
    """Something that goes wrong while traffic flows. `rule` fires on what is measured; nothing is sent by hand."""

    modes = (Mode.REAL,)
    tenant: ClassVar[str] = ""
    """The tenant that the alert must be about; any when empty."""
    seen_within: ClassVar[float] = 900.0
    """Simulated seconds from the pain until the rule fires."""
    by_people: ClassVar[bool] = False
    """Whether nothing but a person may close its incident."""

    def estate(self, text: str) -> str:
        text = _QUIET_LINE.sub("", text)
        return re.sub(r"^limits:.*\n", rf"\g<0>  quiet_before_close: PT{QUIET}S\n", text, flags=re.MULTILINE)

    def prepare(self, scene: Scene) -> None:
        connect(scene)
        scene.say(f"here an incident closes after {QUIET} quiet seconds")

    def is_about(self, incident: Incident) -> bool:
        """Whether that is the incident of this trouble."""
        return incident.alert.rule == self.rule and self.tenant in {"", incident.tenant}

    def lift(self, scene: Scene) -> None:
        """What people do before they close an incident that closes by nothing else."""

    def cured(self, scene: Scene, truth: Truth) -> list[str]:
        kinds = {fault["kind"] for fault in self.faults(scene)}
        still = [f"{one} goes on" for one in truth.faults if one.split(" ")[0] in kinds]
        return [*still, *verdict.unserved(truth)]

    def told(self, scene: Scene, truth: Truth) -> tuple[str, str]:
        return "The incident is over", f"what caused it is gone, and {verdict.places(truth)}."


def failing_since(scene: Scene, truth: Truth) -> datetime | None:
    """Since when the agents' tenants are refused, for a `hurts_since`."""
    return truth.failing_since(scene.began)


def known() -> tuple[str, ...]:
    """The troubles that can be drilled."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(incidents.__path__)))


@cache
def trouble_of(name: str) -> Trouble:
    """The trouble of a known name."""
    found = importlib.import_module(f"{incidents.__name__}.{name}").TROUBLE
    assert isinstance(found, Trouble)
    return found
