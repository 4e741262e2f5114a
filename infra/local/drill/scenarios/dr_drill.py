"""The quarterly drill: everything goes to the recovery region and comes back, and nothing may be left behind."""

import re
from datetime import UTC, datetime, timedelta

from infra.local.drill.canaries import write_canaries
from infra.local.drill.home import HOME, not_home
from infra.local.drill.scenario import Scenario
from infra.local.drill.scenarios import region_outage
from infra.local.drill.scene import Scene
from infra.local.drill.truth import Truth
from shared.model.plan import Mode

OPEN_FOR = timedelta(minutes=30)
"""How long its window has been open: short enough to begin, too long for the clock to begin one by itself."""
_DRILLS = re.compile(r"^drills:\n(?:[ \t#].*\n|\n)*", re.MULTILINE)


class DrDrill(Scenario):
    """Nothing is broken: in its window, with the CAB's approval, an operator starts the drill."""

    modes = (Mode.DRILL,)
    renewed = region_outage.SCENARIO.renewed

    def estate(self, text: str) -> str:
        opened = datetime.now(UTC) - OPEN_FOR
        window = (
            f"drills:\n  time_zone: Etc/UTC\n  start: {opened:%H:%M}\n  length: PT2H\n  takes: PT1H\n  dates:\n"
            f"    - {{date: {opened:%Y-%m-%d}, change: CHG-00001, approved_by: CAB}}\n"
        )
        return f"{_DRILLS.sub('', text).rstrip()}\n\n{window}"

    def prepare(self, scene: Scene) -> None:
        write_canaries(scene)
        scene.notes[HOME] = scene.look()

    def cured(self, scene: Scene, truth: Truth) -> list[str]:
        return not_home(scene.notes[HOME], truth)

    def taken_back(self, scene: Scene, before: Truth, after: Truth) -> list[str]:
        return not_home(before, after)

    def told(self, scene: Scene, truth: Truth) -> tuple[str, str]:
        region = region_outage.route_of(scene.estate).region
        return (
            "There and back",
            f"tenants are served from {region}, and every resource is what it was before.",
        )


SCENARIO = DrDrill()
