"""The course of a drill: break what the plan is for, let the alert arrive, start the plan, approve it, and watch."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from infra.local.drill import verdict
from infra.local.drill.alerting import await_alert, connect
from infra.local.drill.failures import DrillFailed
from infra.local.drill.runs import Described, Run
from infra.local.drill.scenario import Scenario
from infra.local.drill.scene import LOOK_EVERY, Fault, Scene
from infra.local.drill.truth import Truth
from shared.model.incident import Incident
from shared.model.plan import Mode
from shared.model.run import RunRecord

WARM_UP_SECONDS = 20
"""Simulated seconds of traffic without a failure before anything is broken."""
SEEN_WITHIN = 300.0
"""Simulated seconds from the pain until the rule fires."""
SETTLE_SECONDS = 60
"""Simulated seconds between the end of the run and the look that decides."""


@dataclass(frozen=True)
class Ending:
    """How it ended: the final record, the truth some seconds later, and what keeps it from counting as passed.

    `told` is the news and its proof for whoever reads, should nothing keep it from that; `back`: when the last user was
    truly served again; `incident` is the one that was drilled, where it was one.
    """

    run: RunRecord
    truth: Truth
    began: datetime
    problems: list[str]
    told: tuple[str, str]
    back: datetime | None = None
    incident: Incident | None = None


def take(scenario: Scenario, scene: Scene, more: tuple[Fault, ...] = ()) -> Ending:
    """From the first request to the last look; DrillFailed when it cannot go on. `more`: faults besides."""
    plan = Described.of(scene, scenario.plan, scenario.started_by)
    alerted = bool(scenario.rule) and scene.mode is Mode.REAL
    if alerted:
        connect(scene)
    set_up(scenario, scene, more)
    run_id = _alert(scenario, scene, plan) if alerted else ""
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
        back=scenario.back(seen, scene.began),
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
    """Wait until its rule fires, and its incident answers; the run that the incident starts, if it starts one."""
    await_alert(scene, scenario.rule, within=SEEN_WITHIN)
    offered = scene.until(
        "its incident answers with a plan", lambda: _answering(scene, scenario.rule, plan.cast.starter)
    )
    if offered["plan"] != scenario.plan:
        raise DrillFailed(f"{offered['id']} answers with {offered['plan']}, not with {scenario.plan}")
    if offered["run_ids"]:
        scene.say(f"incident {offered['id']} has started {offered['run_ids'][0]}")
        return offered["run_ids"][0]
    scene.say(f"incident {offered['id']} offers {offered['plan']}")
    return ""


def _answering(scene: Scene, rule: str, who: str) -> Any:  # noqa: ANN401 - JSON
    """The rule's incident once it names a plan."""
    found = scene.api.get("/api/incidents", who)["incidents"]
    return next((one for one in found if one["alert"]["rule"] == rule and one["plan"]), None)


def settle(scene: Scene, run: RunRecord | None) -> Truth:
    """Look once more when what a resolver still remembered at the end of the run has run out."""
    seen = scene.look()
    deadline = time.monotonic() + max(SETTLE_SECONDS / seen.speed, 2.0)
    while time.monotonic() < deadline:
        time.sleep(LOOK_EVERY)
        seen = scene.look(run)
    return seen
