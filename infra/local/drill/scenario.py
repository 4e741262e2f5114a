"""What a plan is drilled against: one `Scenario` a plan, found in `scenarios/<plan>.py` as `SCENARIO`."""

import importlib
import pkgutil
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, ClassVar

from infra.local.drill import scenarios, verdict
from infra.local.drill.scene import Fault, Scene
from infra.local.drill.truth import Truth
from shared.model.plan import Mode


class Scenario:
    """How one plan proves itself; a scenario says only where it differs from what stands here.

    Whatever is decided here is decided on the simulator's truth (`GET /_sim/world`, whole in `Truth.world`), never on
    the app's word. A scenario keeps nothing: what one drill has to remember goes into `Scene.notes`.
    """

    modes: ClassVar[tuple[Mode, ...]] = (Mode.REAL, Mode.DRILL)
    """In which it can be drilled; the first one when nothing is said. Only a real one breaks anything."""
    started_by: ClassVar[str] = ""
    """The duty (of the estate's people) of whoever starts it; any operator when empty."""
    rule: ClassVar[str] = ""
    """The alert rule that fires by itself, whose incident offers the plan; when empty an operator starts it unasked."""
    pain: ClassVar[str] = "an operator sees it"
    """What is so when `hurts_since` has an answer, as a sentence."""
    hurts_within: ClassVar[float] = 120.0
    """Simulated seconds from the faults to the pain."""
    renewed: ClassVar[tuple[str, ...]] = ()
    """Parts of the writes (`PUT host/path`) that a second run repeats: they lead to what each run makes anew."""

    spared: ClassVar[tuple[str, ...]] = ()
    """Parts of the writes that a disturbed run need not send, because Azure may have done the same by then."""

    def estate(self, text: str) -> str:
        """The estate file that it is played in, made from the text of the one that was given."""
        return text

    def why(self, scene: Scene) -> str:
        """The reason with which it is started."""
        return f"make drill: {self.pain if scene.mode is Mode.REAL else 'as planned'}"

    def prepare(self, scene: Scene) -> None:
        """Bring about what must be there before anything breaks: data, a backup, a run that went before."""

    def faults(self, scene: Scene) -> Sequence[Fault]:
        """What is injected."""
        return ()

    def hurts_since(self, scene: Scene, truth: Truth) -> datetime | None:
        """Since when it hurts, in real time; None while it does not, or not yet as a whole."""
        return truth.read_at

    def parameters(self, scene: Scene) -> dict[str, Any]:
        """The plan's parameters as JSON; asked when the plan is started, so they may say what was seen by then."""
        return {}

    def back(self, truth: Truth, after: datetime) -> datetime | None:
        """When the last user was served again after that; None where nobody was out, or somebody still is."""
        return verdict.back(outage for tenant in truth.tenants for outage in truth.outages(tenant, after))

    def cured(self, scene: Scene, truth: Truth) -> list[str]:
        """A sentence for each thing that is not as it must be in the end; nothing when all is well."""
        return verdict.unserved(truth)

    def taken_back(self, scene: Scene, before: Truth, after: Truth) -> list[str]:
        """A sentence for each thing that is not as it was before a run that was aborted and undone."""
        return [*verdict.changed(before, after), *verdict.unserved(after)]

    def told(self, scene: Scene, truth: Truth) -> tuple[str, str]:
        """What the person at the terminal reads when it went well: the news, and its proof."""
        return "All is well", f"{verdict.places(truth)}."

    @property
    def plan(self) -> str:
        """The plan's name, which is the file's."""
        return type(self).__module__.rpartition(".")[2]


def known() -> tuple[str, ...]:
    """The plans that can be drilled."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(scenarios.__path__)))


@cache
def scenario_of(plan: str) -> Scenario:
    """The scenario of a known plan."""
    found = importlib.import_module(f"{scenarios.__name__}.{plan}").SCENARIO
    assert isinstance(found, Scenario)
    return found
