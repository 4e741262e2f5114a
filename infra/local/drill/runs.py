"""A run as people drive it: one starts it, others approve it, and somebody aborts it where it does not go on."""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from infra.local.drill.cast import Cast, cast_for
from infra.local.drill.failures import DrillFailed, Refused
from infra.local.drill.scene import LOOK_EVERY, PATIENCE, Scene
from shared.model.plan import Mode
from shared.model.run import RunRecord, RunStatus, StepStatus
from shared.reports.wording import duration, line

RTO_MARGIN = 1.5
"""How many times the target a run may take before one stops waiting."""
RETRIES_TAKE = 180.0
"""Real seconds that a run may take at any speed: an action's retries wait about two minutes of the app's own time."""
STARTED_AT = {
    "recovery": "recovery",
    "drill": "recovery",
    "maintenance": "maintenance",
    "operation": "operations",
}


@dataclass(frozen=True)
class Described:
    """A plan as `GET /plans/{name}` tells it, and who plays in it."""

    name: str
    kind: str
    limit: float
    cast: Cast

    @classmethod
    def of(cls, scene: Scene, plan: str, started_by: str = "") -> "Described":
        """Ask the app; DrillFailed when nobody may start or approve it."""
        told = scene.api.get(f"/api/plans/{plan}", scene.estate.people[0].mail)
        approval = told["approval"]
        cast = cast_for(scene.estate, approval["approvers"], approval["required"], started_by)
        return cls(plan, told["kind"], (told["rto_seconds"] or 3600.0) * RTO_MARGIN, cast)


@dataclass(frozen=True)
class Run:
    """One run of a plan, by its id."""

    scene: Scene
    plan: Described
    run_id: str

    @classmethod
    def start(
        cls,
        scene: Scene,
        plan: Described,
        *,
        mode: Mode,
        reason: str,
        since: datetime,
        parameters: dict[str, Any],
    ) -> "Run":
        """As the operator of the cast."""
        body: dict[str, Any] = {"reason": reason}
        if STARTED_AT[plan.kind] == "recovery":
            body["mode"] = mode
            if mode is Mode.REAL:
                body["outage_started_at"] = since.isoformat()
        if parameters:
            body["parameters"] = parameters
        path = f"/api/{STARTED_AT[plan.kind]}/{plan.name}"
        run_id = scene.api.post(path, body, plan.cast.starter)["run_id"]
        scene.say(f"{short(plan.cast.starter)} starts {run_id} ({mode})")
        return cls(scene, plan, run_id)

    def approve(self, reason: str) -> None:
        """As everybody of the cast who must, once the run asks."""
        approvers = self.plan.cast.approvers
        if not approvers:
            return
        ready = {RunStatus.WAITING_FOR_APPROVAL}
        self.scene.until(
            "the run asks for approval", lambda: (run := self.watch()).status in ready or run.status.over
        )
        if self.watch().status.over:
            return
        for place, mail in enumerate(approvers, 1):
            body = {"decision": "approve", "reason": reason}
            self.scene.api.post(f"/api/runs/{self.run_id}/approvals", body, mail)
            self.scene.say(f"{short(mail)} approves ({place} of {len(approvers)})")

    def follow(self) -> str:
        """Watch until the run is over. Returns why one gave up on it, or nothing.

        Where the run waits for an operator nobody would come, so the one who started it aborts it.
        """
        starter = short(self.plan.cast.starter)
        patience = max(self.plan.limit / self.scene.look().speed, RETRIES_TAKE)
        deadline = time.monotonic() + patience
        gave_up = ""
        while not (run := self.watch()).status.over:
            waiting = [step for step in run.steps if step.status is StepStatus.WAITING_FOR_OPERATOR]
            if waiting and not gave_up:
                gave_up = f"step {waiting[0].name} failed: {line(waiting[0].error, 600)}"
                self.scene.say(f"{waiting[0].name} waits for an operator: {starter} aborts")
                self._abort(gave_up)
            if time.monotonic() > deadline:
                if gave_up:
                    raise DrillFailed(f"{gave_up}; and the run does not end after it was aborted")
                running = ", ".join(step.name for step in run.steps if step.status is StepStatus.RUNNING)
                gave_up = f"the run is not over after {duration(patience)}: {running or run.status}"
                self._abort(gave_up)
                deadline = time.monotonic() + 2 * PATIENCE
            time.sleep(LOOK_EVERY)
        return gave_up

    def _abort(self, reason: str) -> None:
        try:
            body = {"reason": line(f"make drill: {reason}", 900), "undo": False}
            self.scene.api.post(f"/api/runs/{self.run_id}/abort", body, self.plan.cast.starter)
        except Refused as error:
            if error.status != 409:  # it has just ended by itself
                raise

    def final(self) -> RunRecord:
        """The final record. A live one is shorter: it lacks the recovery times of single services."""
        deadline = time.monotonic() + PATIENCE
        while True:
            run = self.watch()
            measured = run.service_rto or not any(step.services for step in run.steps)
            if (run.status.over and measured) or time.monotonic() > deadline:
                return run
            time.sleep(LOOK_EVERY)

    def watch(self) -> RunRecord:
        """The run as it stands, with a look at the world."""
        path = f"/api/runs/{self.run_id}"
        run = RunRecord.from_wire(self.scene.api.get(path, self.plan.cast.starter))
        self.scene.look(run)
        return run


def carry_out(
    scene: Scene,
    plan: str,
    *,
    mode: Mode,
    reason: str,
    since: datetime | None = None,
    started_by: str = "",
    **parameters: object,
) -> RunRecord:
    """A whole run that a scenario needs before its own: started, approved, succeeded; DrillFailed when not.

    `started_by`: as a scenario says it.
    """
    run = Run.start(
        scene,
        Described.of(scene, plan, started_by),
        mode=mode,
        reason=reason,
        since=since or scene.began,
        parameters=parameters,
    )
    run.approve(reason)
    gave_up, record = run.follow(), run.final()
    if record.status is not RunStatus.SUCCEEDED:
        raise DrillFailed(
            f"{run.run_id}, which was to go before, {record.status}: {gave_up or record.status_reason}"
        )
    return record


def short(mail: str) -> str:
    """`alice` for alice@contoso.com."""
    return mail.partition("@")[0]
