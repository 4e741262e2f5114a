"""The course of a drill: break the region, let the alert arrive, start the plan, approve it, and watch."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from infra.local.drill import truth, verdict
from infra.local.drill.alert import EVALUATED_EVERY, RULE, availability_drop
from infra.local.drill.api import Api
from infra.local.drill.cast import Cast, cast_for
from infra.local.drill.failures import DrillFailed, Refused
from infra.local.drill.picture import Display, Picture
from infra.local.drill.truth import Truth
from shared.model.estate import Estate, TrafficRoute
from shared.model.plan import Mode
from shared.model.run import RunRecord, RunStatus, StepStatus
from shared.reports.wording import duration, line

LOOK_EVERY = 0.2
"""Real seconds between two looks at the world."""
WARM_UP_SECONDS = 20
"""Simulated seconds of traffic without a failure before anything is broken."""
SETTLE_SECONDS = 60
"""Simulated seconds between the end of the run and the look that decides."""
PATIENCE = 30.0
"""Real seconds for what the app does at once."""
RTO_MARGIN = 1.5
"""How many times the target a run may take before the drill stops waiting."""
RETRIES_TAKE = 180.0
"""Real seconds that a run may take at any speed: an action's retries wait about two minutes of the app's own time."""

type Fault = dict[str, Any]
"""The body of `POST /_sim/faults`: `kind`, `target`, and what else that kind takes."""


@dataclass(frozen=True)
class Wanted:
    """What is drilled: a plan against faults, watched at the tenants' way in."""

    plan: str
    mode: Mode
    faults: tuple[Fault, ...]
    route: TrafficRoute


@dataclass(frozen=True)
class Ending:
    """How it ended: the final record, the truth some seconds later, and what keeps it from counting as passed."""

    run: RunRecord
    truth: Truth
    began: datetime
    problems: list[str]


class Course:
    """One drill on a world that serves already."""

    def __init__(self, wanted: Wanted, estate: Estate, api: Api, display: Display) -> None:
        self._wanted = wanted
        self._estate = estate
        self._api = api
        self._display = display
        self._outage_since: datetime | None = None
        self._run_id = ""
        self._cast = Cast("", ())

    def take(self) -> Ending:
        """From the first request to the last look; DrillFailed when it cannot go on."""
        plan = self._api.get(f"/api/plans/{self._wanted.plan}", self._estate.people[0].mail)
        self._cast = cast_for(self._estate, plan["approval"]["approvers"], plan["approval"]["required"])
        self._serve()
        began = datetime.now(UTC)
        self._break()
        if self._wanted.mode is Mode.REAL:
            self._alert(began)
        self._start()
        self._approve()
        gave_up = self._follow((plan["rto_seconds"] or 3600.0) * RTO_MARGIN)
        run = self._final()
        self._display.say(f"the run {run.status}; the tenants are watched for a little longer")
        seen = self._settle(run)
        moved = self._wanted.plan == "region_outage"
        return Ending(
            run=run,
            truth=seen,
            began=began,
            problems=verdict.problems(
                run, seen, gave_up=gave_up, served_from=self._wanted.route.recovery_region if moved else None
            ),
        )

    # --- the acts

    def _serve(self) -> None:
        seen = self._until(
            "every tenant is served",
            PATIENCE + WARM_UP_SECONDS / self._look().speed,
            lambda: now if (now := self._look()).steady(WARM_UP_SECONDS) else None,
        )
        served = ", ".join(f"{tenant.name} from {tenant.served_by}" for tenant in seen.tenants)
        self._display.say(f"live traffic flows: {served}")

    def _break(self) -> None:
        for fault in self._wanted.faults:
            self._api.post("/_sim/faults", fault)
            self._display.say(f"{fault['kind']} of {fault['target']} begins")

    def _alert(self, began: datetime) -> None:
        """Wait until traffic truly fails, and report what the rule finds when it looks the next time."""
        speed = self._look().speed
        failing = self._until(
            "every tenant's traffic fails",
            PATIENCE + 120 / speed,
            lambda: now if (now := self._look()).all_failing else None,
        )
        self._outage_since = since = failing.failing_since(began) or failing.read_at
        self._display.say("no tenant is served any more")

        def still_failing() -> bool:
            now = self._look()
            if now.failing_since(began) is None or now.all_well:
                raise DrillFailed("traffic came back by itself, so there is nothing to recover")
            return (now.read_at - since).total_seconds() * speed >= EVALUATED_EVERY

        self._until("the rule is evaluated", PATIENCE + EVALUATED_EVERY / speed, still_failing)
        now = datetime.now(UTC)
        taken = self._api.alert(
            availability_drop(self._wanted.route, f"drill-{now:%Y%m%dT%H%M%S%f}", now, since)
        )
        incident = taken["incident_id"]
        if not incident:
            raise DrillFailed(f"the alert was accepted, but it opened no incident: {taken}")
        self._display.say(f"alert {RULE} arrives: incident {incident}")
        offered = self._until(
            f"incident {incident} answers with a plan", PATIENCE, lambda: self._offer_of(incident)
        )
        if offered["run_ids"]:
            self._run_id = offered["run_ids"][0]
            self._display.say(f"the incident has started {self._run_id}")
        else:
            self._display.say(f"the incident offers {offered['plan']}")

    def _offer_of(self, incident: str) -> Any:  # noqa: ANN401 - JSON
        """The incident once it names a plan; it is stored before its story begins, so it may not be there yet."""
        try:
            found = self._api.get(f"/api/incidents/{incident}", self._cast.starter)
        except Refused as error:
            if error.status == 404:
                return None
            raise
        return found if found["plan"] else None

    def _start(self) -> None:
        if self._run_id:
            return
        body: dict[str, object] = {"mode": self._wanted.mode, "reason": "make drill: the region is out"}
        if self._wanted.mode is Mode.DRILL:
            body["reason"] = "make drill: a planned move"
        if self._outage_since is not None:
            body["outage_started_at"] = self._outage_since.isoformat()
        started = self._api.post(f"/api/recovery/{self._wanted.plan}", body, self._cast.starter)
        self._run_id = started["run_id"]
        self._display.say(f"{_short(self._cast.starter)} starts {self._run_id} ({self._wanted.mode})")

    def _approve(self) -> None:
        if not self._cast.approvers:
            return
        ready = {RunStatus.WAITING_FOR_APPROVAL}
        self._until(
            "the run asks for approval",
            PATIENCE,
            lambda: (run := self._watch()).status in ready or run.status.over,
        )
        if self._watch().status.over:
            return
        for place, mail in enumerate(self._cast.approvers, 1):
            body = {"decision": "approve", "reason": "make drill: tenants are down, go ahead"}
            self._api.post(f"/api/runs/{self._run_id}/approvals", body, mail)
            self._display.say(f"{_short(mail)} approves ({place} of {len(self._cast.approvers)})")

    def _follow(self, limit: float) -> str:
        """Watch until the run is over. Returns why the drill gave up on it, or nothing.

        Where the run waits for an operator nobody would come, so the one who started it aborts it.
        """
        patience = max(limit / self._look().speed, RETRIES_TAKE)
        deadline = time.monotonic() + patience
        gave_up = ""
        while not (run := self._watch()).status.over:
            waiting = [step for step in run.steps if step.status is StepStatus.WAITING_FOR_OPERATOR]
            if waiting and not gave_up:
                gave_up = f"step {waiting[0].name} failed: {line(waiting[0].error, 600)}"
                self._display.say(
                    f"{waiting[0].name} waits for an operator: {_short(self._cast.starter)} aborts"
                )
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
            self._api.post(f"/api/runs/{self._run_id}/abort", body, self._cast.starter)
        except Refused as error:
            if error.status != 409:  # it has just ended by itself
                raise

    def _final(self) -> RunRecord:
        """The final record. A live one is shorter: it lacks the recovery times of single services."""
        deadline = time.monotonic() + PATIENCE
        while True:
            run = self._watch()
            if run.service_rto or time.monotonic() > deadline:
                return run
            time.sleep(LOOK_EVERY)

    def _settle(self, run: RunRecord) -> Truth:
        """Look once more when what a resolver still remembered at the end of the run has run out."""
        seen = self._look()
        wait = max(SETTLE_SECONDS / seen.speed, 2.0)
        deadline = time.monotonic() + wait
        while time.monotonic() < deadline:
            time.sleep(LOOK_EVERY)
            seen = self._look(run)
        return seen

    # --- looking

    def _look(self, run: RunRecord | None = None) -> Truth:
        before = datetime.now(UTC)
        world = self._api.get("/_sim/world")
        seen = truth.read(world, before + (datetime.now(UTC) - before) / 2)
        self._display.show(Picture(self._estate, seen, self._outage_since, run))
        return seen

    def _watch(self) -> RunRecord:
        run = RunRecord.from_wire(self._api.get(f"/api/runs/{self._run_id}", self._cast.starter))
        self._look(run)
        return run

    def _until[T](self, what: str, seconds: float, found: Callable[[], T | None]) -> T:
        """Look again and again until something is found."""
        deadline = time.monotonic() + seconds
        while not (thing := found()):
            if time.monotonic() > deadline:
                raise DrillFailed(f"waited {seconds:.0f} s in vain until {what}")
            time.sleep(LOOK_EVERY)
        return thing


def _short(mail: str) -> str:
    return mail.partition("@")[0]
