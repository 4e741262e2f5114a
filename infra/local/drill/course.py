"""The course of a drill: break what the plan is for, let the alert arrive, start the plan, approve it, and watch."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from infra.local.drill import verdict
from infra.local.drill.alert import EVALUATED_EVERY
from infra.local.drill.failures import DrillFailed, Refused
from infra.local.drill.runs import Described, Run
from infra.local.drill.scenario import Scenario
from infra.local.drill.scene import LOOK_EVERY, Fault, Scene
from infra.local.drill.truth import Truth
from shared.model.incident import Incident
from shared.model.plan import Mode
from shared.model.run import RunRecord

WARM_UP_SECONDS = 20
"""Simulated seconds of traffic without a failure before anything is broken."""
SETTLE_SECONDS = 60
"""Simulated seconds between the end of the run and the look that decides."""


@dataclass(frozen=True)
class Ending:
    """How it ended: the final record, the truth some seconds later, and what keeps it from counting as passed.

    `told` is the news and its proof for whoever reads, should nothing keep it from that; `down` real seconds that users
    were truly without service; `incident` is the one that was drilled, where it was one.
    """

    run: RunRecord
    truth: Truth
    began: datetime
    problems: list[str]
    told: tuple[str, str]
    down: float | None = None
    incident: Incident | None = None


def take(scenario: Scenario, scene: Scene, more: tuple[Fault, ...] = ()) -> Ending:
    """From the first request to the last look; DrillFailed when it cannot go on. `more`: faults besides."""
    plan = Described.of(scene, scenario.plan, scenario.started_by)
    set_up(scenario, scene, more)
    run_id = _alert(scenario, scene, plan) if scenario.rule and scene.mode is Mode.REAL else ""
    run = Run(scene, plan, run_id) if run_id else start(scenario, scene, plan)
    run.approve(f"make drill: {scenario.pain if scene.mode is Mode.REAL else 'as planned'}, go ahead")
    gave_up = run.follow()
    record = run.final()
    scene.say(f"the run {record.status}; the tenants are watched for a little longer")
    seen = settle(scene, record)
    untrue = scenario.cured(scene, seen)
    return Ending(
        run=record,
        truth=seen,
        began=scene.began,
        problems=verdict.problems(record, gave_up=gave_up, untrue=untrue),
        told=scenario.told(scene, seen),
        down=scenario.down(seen, scene.began),
    )


def set_up(scenario: Scenario, scene: Scene, more: tuple[Fault, ...] = ()) -> None:
    """Until the plan may be started: tenants are served, then what the plan is for happens, and it hurts."""
    seen = scene.until(
        "every tenant is served",
        lambda: now if (now := scene.look()).steady(WARM_UP_SECONDS) else None,
        simulated=WARM_UP_SECONDS,
    )
    served = ", ".join(f"{tenant.name} from {tenant.served_by}" for tenant in seen.tenants)
    scene.say(f"live traffic flows: {served}")
    scenario.prepare(scene)
    scene.began = datetime.now(UTC)
    real = scene.mode is Mode.REAL
    for fault in (*(scenario.faults(scene) if real else ()), *more):
        scene.inject(fault)
    if real:
        scene.since = scene.until(
            scenario.pain,
            lambda: scenario.hurts_since(scene, scene.look()),
            simulated=scenario.hurts_within,
        )
        scene.say(scenario.pain)


def start(scenario: Scenario, scene: Scene, plan: Described) -> Run:
    """The plan, as an operator who knows what the scenario knows."""
    return Run.start(
        scene,
        plan,
        mode=scene.mode,
        reason=scenario.why(scene),
        since=scene.since or scene.began,
        parameters=scenario.parameters(scene),
    )


def _alert(scenario: Scenario, scene: Scene, plan: Described) -> str:
    """Report what the rule finds when it looks the next time; the run that the incident starts, if it starts one."""
    since = scene.since
    assert since is not None
    speed = scene.look().speed

    def evaluated() -> bool:
        now = scene.look()
        if scenario.hurts_since(scene, now) is None:
            raise DrillFailed("it went away by itself, so there is nothing to recover")
        return (now.read_at - since).total_seconds() * speed >= EVALUATED_EVERY

    scene.until("the rule is evaluated", evaluated, simulated=EVALUATED_EVERY)
    taken = scene.api.alert(scenario.alert(scene, datetime.now(UTC)))
    incident = taken["incident_id"]
    if not incident:
        raise DrillFailed(f"the alert was accepted, but it opened no incident: {taken}")
    scene.say(f"alert {scenario.rule} arrives: incident {incident}")
    offered = scene.until(
        f"incident {incident} answers with a plan", lambda: _offer_of(scene, incident, plan.cast.starter)
    )
    if offered["plan"] != scenario.plan:
        raise DrillFailed(f"the incident answers with {offered['plan']}, not with {scenario.plan}")
    if offered["run_ids"]:
        scene.say(f"the incident has started {offered['run_ids'][0]}")
        return offered["run_ids"][0]
    scene.say(f"the incident offers {offered['plan']}")
    return ""


def _offer_of(scene: Scene, incident: str, who: str) -> Any:  # noqa: ANN401 - JSON
    """The incident once it names a plan; it is stored before its story begins, so it may not be there yet."""
    try:
        found = scene.api.get(f"/api/incidents/{incident}", who)
    except Refused as error:
        if error.status == 404:
            return None
        raise
    return found if found["plan"] else None


def settle(scene: Scene, run: RunRecord | None) -> Truth:
    """Look once more when what a resolver still remembered at the end of the run has run out."""
    seen = scene.look()
    deadline = time.monotonic() + max(SETTLE_SECONDS / seen.speed, 2.0)
    while time.monotonic() < deadline:
        time.sleep(LOOK_EVERY)
        seen = scene.look(run)
    return seen
