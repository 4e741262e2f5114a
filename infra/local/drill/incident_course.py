"""The course of an incident drill: something goes wrong, a rule sees it, its incident is watched to its end."""

import time

from infra.local.drill import course, verdict
from infra.local.drill.alerting import await_alert
from infra.local.drill.course import Ending
from infra.local.drill.failures import DrillFailed, Refused
from infra.local.drill.proofs import unproved
from infra.local.drill.runs import Described, Run, short
from infra.local.drill.scene import LOOK_EVERY, Fault, Scene
from infra.local.drill.trouble import QUIET, Trouble
from shared.model.incident import Incident, IncidentState, Remediation
from shared.model.run import RunRecord, RunStatus
from shared.reports.wording import duration, line

OPENS_WITHIN = 60.0
"""Simulated seconds from the alert to its incident, besides the patience that everything has."""
CLOSES_WITHIN = 240.0
"""Real seconds from the alert to the end of the incident: a whole ladder, and the quiet time."""


class Watch:
    """Everything that the alert rules have opened since things broke, told as it happens."""

    def __init__(self, scene: Scene, trouble: Trouble) -> None:
        self.scene, self.trouble = scene, trouble
        self.reader = scene.estate.people[0].mail
        self.runs: dict[str, Run] = {}
        self._told: set[tuple[str, str, str]] = set()

    def look(self) -> tuple[Incident, ...]:
        """All incidents as they stand; what is new in their timelines is said."""
        found = self.scene.api.get("/api/incidents", self.reader)["incidents"]
        incidents = tuple(Incident.from_wire(one) for one in reversed(found))
        for incident in incidents:
            self._tell(incident)
        self._watch_run(incidents)
        return incidents

    def mine(self, incidents: tuple[Incident, ...]) -> Incident | None:
        """The incident that the drill is about."""
        return next((one for one in incidents if self.trouble.is_about(one)), None)

    def _tell(self, incident: Incident) -> None:
        steps = set(incident.tried)
        about = incident.alert.rule + (f" ({incident.alert.tenant})" if incident.alert.tenant else "")
        for entry in incident.timeline:
            known = (incident.id, entry.at.isoformat(), entry.what)
            if known in self._told:
                continue
            self._told.add(known)
            if entry.what not in steps:  # those have been seen when they happened
                who = f", by {entry.who}" if entry.who else ""
                self.scene.say(f"{about}: {line(entry.what, 300)}{who}")

    def _watch_run(self, incidents: tuple[Incident, ...]) -> None:
        running = [one for one in incidents if one.remediation is Remediation.RUNNING and one.run_ids]
        if not running:
            self.scene.look()
        for incident in running:
            run = self.runs.get(incident.run_ids[-1])
            if run is None:
                plan = Described.of(self.scene, incident.plan)
                run = self.runs[incident.run_ids[-1]] = Run(self.scene, plan, incident.run_ids[-1])
            try:
                run.watch()
            except Refused as error:
                if error.status != 404:  # it is named before it has begun
                    raise


def take(trouble: Trouble, scene: Scene, more: tuple[Fault, ...] = ()) -> Ending:
    """From the first request to the last look; DrillFailed when it cannot go on. `more`: faults besides."""
    course.set_up(trouble, scene, more)
    await_alert(scene, trouble.rule, trouble.tenant, within=trouble.seen_within)
    watch = Watch(scene, trouble)
    scene.until("its incident is open", lambda: watch.mine(watch.look()), simulated=OPENS_WITHIN)
    gave_up = _see_through(trouble, scene, watch)
    everything = watch.look()
    incident = watch.mine(everything)
    assert incident is not None
    record = _record(watch, incident)
    scene.say("the tenants are watched for a little longer")
    seen = course.settle(scene, None)
    untrue = [*unproved(incident, scene.estate, seen), *trouble.cured(scene, seen)]
    untrue += [
        f"{one.id} of {one.alert.rule} is still {one.state}"
        for one in everything
        if one.state is not IncidentState.CLOSED
    ]
    return Ending(
        run=record,
        truth=seen,
        began=scene.began,
        problems=_problems(record, gave_up, untrue),
        told=trouble.told(scene, seen),
        back=trouble.back(seen, scene.began),
        incident=incident,
    )


def _problems(record: RunRecord, gave_up: str, untrue: list[str]) -> list[str]:
    """Rungs that did not help are no problem where a later one did."""
    if record.status is RunStatus.SUCCEEDED:
        return [*([gave_up] if gave_up else []), *untrue]
    return verdict.problems(record, gave_up=gave_up, untrue=untrue)


def _see_through(trouble: Trouble, scene: Scene, watch: Watch) -> str:
    """Until everything is closed. Returns why one gave up waiting, or nothing."""
    deadline = time.monotonic() + CLOSES_WITHIN
    lifted = False
    while True:
        everything = watch.look()
        mine = watch.mine(everything)
        assert mine is not None
        if trouble.by_people and not lifted and mine.state is IncidentState.MITIGATED:
            _by_people(trouble, scene, watch, mine)
            lifted = True
        if all(one.state is IncidentState.CLOSED for one in everything):
            return ""
        if time.monotonic() > deadline:
            return f"{mine.id} is still {mine.state} after {duration(CLOSES_WITHIN)}"
        time.sleep(LOOK_EVERY)


def _by_people(trouble: Trouble, scene: Scene, watch: Watch, incident: Incident) -> None:
    """The quiet time passes and closes nothing; then people lift what was done, and close it."""
    end = time.monotonic() + QUIET + 5
    while time.monotonic() < end:
        now = watch.mine(watch.look())
        if now is None or now.state is IncidentState.CLOSED:
            raise DrillFailed(f"{incident.id} has closed, and nobody has closed it")
        time.sleep(LOOK_EVERY)
    scene.say(f"{QUIET + 5} quiet seconds have closed nothing: it needs a person")
    trouble.lift(scene)
    who = Described.of(scene, incident.plan).cast.starter
    scene.api.post(f"/api/incidents/{incident.id}/resolve", {"reason": "make drill: looked into"}, who)
    scene.say(f"{short(who)} closes the incident")


def _record(watch: Watch, incident: Incident) -> RunRecord:
    """The run that helped; of this incident if it was one of its own, else of another with the same cause."""
    known = dict.fromkeys((*incident.run_ids, *watch.runs))
    runs = {one: RunRecord.from_wire(watch.scene.api.get(f"/api/runs/{one}", watch.reader)) for one in known}
    if not runs:
        raise DrillFailed(f"{incident.id} has started no run: {incident.timeline[-1].what}")
    helped = [run for run in runs.values() if any(step.changed for step in run.steps)]
    own_ids = set(incident.run_ids)
    return max(helped or runs.values(), key=lambda run: (run.status == "succeeded", run.run_id in own_ids))
