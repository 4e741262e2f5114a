"""How near every plan comes to its critical path, in the world of its own drill, and how long its preview takes."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from infra.local.drill import course, scenario
from infra.local.drill.runs import STARTED_AT, Described
from shared.estate.load import load
from shared.model.plan import Mode, Plan
from shared.model.run import RunRecord
from shared.plans.catalog import catalog
from shared.plans.planning import PlanRequest
from tests.bench.critical_path import Span, copied, played, proving
from tests.bench.figures import Figure
from tests.e2e.playing import Play, failures, playing

SPEED = 10.0
SPEEDS = {
    "blob_data_recovery": 1.0,
    "ml_workspace_recovery": 5.0,
    "security_breach": 4.0,
    "landing_zone_failback": 20.0,
    "region_failback": 20.0,
    "region_outage": 30.0,
}
"""Simulated seconds in a real one: the app's own seconds count so many times, so short plans are played slowly."""
SHORT = 60.0
"""Simulated seconds of a critical path of which a tenth tells nothing: requests take as long."""
MOST_BEYOND = 2.0
"""Real seconds that the app itself may take for a plan as short as that."""
PATIENCE = 400.0
"""Real seconds that a run may take."""


def figures(folder: Path, wanted: set[str], say: Callable[[str], None]) -> Iterator[Figure]:
    """Of every plan that has a scenario, or of those that are named; `say` is told where the time went."""
    for name in [plan for plan in scenario.known() if plan in wanted or not wanted]:
        say(f"{name} ...")
        one = measured(name, folder / name)
        for line in one.told():
            say(f"  {line}")
        yield from one.figures()


@dataclass
class Measured:
    """One plan: the app's run, and the same in a world where only Azure takes time.

    `preview`: real seconds of the first one, in a process that has had the time to warm up; `cold_preview`: without.
    `rto`, `truly`: real seconds from the start that was given until users were served again, as measured and as it was;
    None where they were never out.
    """

    plan: Plan
    speed: float
    run: dict[str, Span]
    azure: dict[str, Span]
    preview: float
    cold_preview: float
    rto: float | None
    truly: float | None

    def figures(self) -> Iterator[Figure]:
        name, path = self.plan.name, max(self.azure[step].ended for step in proving(self.plan))
        took = max(self.run[step].ended for step in proving(self.plan))
        measured = f"{took:.0f} simulated s ({took / self.speed:.1f} s at speed {self.speed:g})"
        reference = f"{path:.0f} s critical path"
        if path < SHORT:
            beyond = (took - path) / self.speed
            yield Figure(f"{name} beyond critical path (s)", beyond, MOST_BEYOND, measured, reference)
        else:
            yield Figure(f"{name} over critical path", took / path, 1.10, measured, reference)
        yield Figure(
            f"first preview of {name} (s)",
            self.preview,
            2.0,
            f"{self.preview:.2f} s",
            f"{self.cold_preview:.2f} s in a process that has just begun",
        )
        if self.plan.rto is not None and self.rto is not None and self.truly is not None:
            yield Figure(
                f"measured RTO of {name} beside the truth (s)",
                abs(self.rto - self.truly),
                1.0,
                f"{self.rto:.2f} s",
                f"{self.truly:.2f} s until the last user was back",
            )

    def told(self) -> Iterator[str]:
        """How long each step on the way to the proof took, the app's run beside Azure itself."""
        for step in sorted(self.azure, key=lambda name: self.run[name].ended):
            run, azure = self.run[step], self.azure[step]
            yield (
                f"{step}: {run.began:.0f} to {run.ended:.0f}, {run.ended - run.began:.0f} s; "
                f"Azure itself {azure.ended - azure.began:.0f} s"
            )


def measured(plan: str, folder: Path, speed: float | None = None) -> Measured:
    """Play the plan's drill up to its start, copy the world, then go on with the app, and for itself in the copy."""
    speed = speed or SPEEDS.get(plan, SPEED)
    with playing(folder, plan, speed=speed) as play:
        estate = load(play.machine.estate)
        maker, since = catalog()[plan], play.scene.since or play.scene.began
        parameters = play.scenario.parameters(play.scene)
        made = maker(
            estate,
            PlanRequest(mode=play.scene.mode, outage_started_at=since),
            maker.parameters.model_validate(parameters),
        )
        cold = _first_preview(play, warm=False)
        preview = _first_preview(play, warm=True)
        with copied(play.azure, folder / "copy" / "azure.db", estate) as stage:
            run_id = _begin(play)
            record = play.ended(run_id, seconds=PATIENCE)
            assert record["status"] == "succeeded", failures(record)
            back = play.scenario.back(play.scene.look(), play.scene.began)
            azure = played(stage, made, play.scene.mode, RunRecord.from_wire(record))
    began = _at(record["started_at"])
    truly = (back - _at(record["rto"]["started_at"])).total_seconds() if back else None
    run = {
        step["name"]: Span(*((_at(step[end]) - began).total_seconds() * speed for end in ENDS))
        for step in record["steps"]
    }
    return Measured(made, speed, run, azure, preview, cold, record["rto"]["measured_seconds"], truly)


ENDS = ("started_at", "finished_at")


def _begin(play: Play) -> str:
    """Start the plan, and approve it in the same moment."""
    plan = Described.of(play.scene, play.scenario.plan, play.scenario.started_by)
    run = course.start(play.scenario, play.scene, plan)
    for mail in plan.cast.approvers:
        body = {"decision": "approve", "reason": "what the plan is for has happened"}
        play.scene.api.post(f"/api/runs/{run.run_id}/approvals", body, mail)
    return run.run_id


def _first_preview(play: Play, *, warm: bool) -> float:
    """The first preview of a process: of one that has imported what calls need, or of one that imports nothing ahead."""
    play.machine.end()
    play.machine.env["WARM_UP"] = str(warm).lower()
    play.machine.start()
    if warm:
        play.machine.wait_until_warm()
    return _preview(play)


def _preview(play: Play) -> float:
    """Real seconds that a preview over HTTP takes; it does not wait for the operations that it begins (what-if)."""
    plan = Described.of(play.scene, play.scenario.plan, play.scenario.started_by)
    body: dict[str, Any] = {"mode": play.scene.mode.value, "reason": "what would it do"}
    if play.scene.mode is Mode.REAL:
        body["outage_started_at"] = (play.scene.since or play.scene.began).isoformat()
    if parameters := play.scenario.parameters(play.scene):
        body["parameters"] = parameters
    began = time.monotonic()
    play.scene.api.post(f"/api/{STARTED_AT[plan.kind]}/{plan.name}/preview", body, plan.cast.starter)
    return time.monotonic() - began


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)
