"""One incident, from its first alert to its close: tell people, remediate, verify, escalate, write it down.

Deterministic: what to do comes from pure transitions (`shared.planners.incidents`), time from the orchestration, and
everything else from activities and the entity that keeps what alerts say. The custom status is the live `Incident`,
the output the closed one.
"""

from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from durabletask import task
from durabletask.entities import EntityInstanceId

from orchestrations.silences import SILENCES
from shared.model.alert import Alert
from shared.model.incident import Incident, IncidentState, Remediation, Rung, Signals
from shared.model.run import Control
from shared.model.ticket import TicketRef
from shared.model.wire import Wire
from shared.planners import incidents

type Waits = Generator[task.Task[Any], Any, Any]

PATIENTLY = task.RetryPolicy(
    first_retry_interval=timedelta(seconds=2),
    max_number_of_attempts=40,
    backoff_coefficient=1.6,
    max_retry_interval=timedelta(minutes=2),
)
"""For an hour and more: a ticket system or mail that is down for a while loses nothing."""

LOOKS = (2.0, 30.0, 300.0)
"""Seconds from one look at the entity to the next after a wake-up: the alert may not have arrived there yet, and
what comes soon after it wakes nobody (`WAKE_SELDOM`)."""

PROBES = (30.0, 60.0, 120.0, 240.0, 480.0, 900.0, 1800.0, 3600.0)
"""Seconds from one look to the next after a `resolved` that was not true yet: what recovers later closes by itself."""

TRIES = 7
"""Runs for one incident: another one may be at work on the same services first, for an hour with its whole ladder."""


@dataclass
class Chore:
    """Something that goes on beside the incident and holds nothing up."""

    what: str
    task: task.Task[Any]


def handle_incident(ctx: task.OrchestrationContext, payload: dict[str, Any]) -> Waits:
    """See an incident through; returns it closed."""
    return (yield from _Handler(ctx, payload).carry_out())


class _Handler:
    def __init__(self, ctx: task.OrchestrationContext, payload: Wire) -> None:
        self.ctx = ctx
        self.generation: int = payload["generation"]
        alert = Alert.from_wire(payload["alert"])
        self.cause = EntityInstanceId("open_incident", alert.fingerprint)
        self.incident = incidents.noted(
            Incident(id=payload["incident_id"], alert=alert, severity=alert.severity, opened_at=self.now),
            self.now,
            f"opened by {alert.rule} ({alert.severity})",
        )
        self.chores: list[Chore] = []
        self.brief: Wire = {}
        self.run: task.Task[Any] | None = None
        self.ladder: task.TimerTask | None = None
        self.ladder_due: datetime | None = None
        self.quiet: task.TimerTask | None = None
        self.again: task.TimerTask | None = None
        self.hold: task.TimerTask | None = None
        self.held_until: datetime | None = None
        self.look: task.TimerTask | None = None
        self.looks: list[float] = []
        self.verifying: task.Task[Any] | None = None
        self.probe: task.TimerTask | None = None
        self.probes: list[float] = []

    @property
    def now(self) -> datetime:
        return self.ctx.current_utc_datetime.replace(tzinfo=UTC)

    def until(self, waited: task.Task[Any]) -> Waits:
        """Wait, with the incident shown as it stands."""
        self.ctx.set_custom_status(incidents.live(self.incident))
        return (yield waited)

    def chore(self, doing: str, activity: str, **more: Any) -> None:  # noqa: ANN401 - plain JSON
        order: Wire = {"incident": self.incident.to_wire(), **more}
        self.chores.append(
            Chore(doing, self.ctx.call_activity(activity, input=order, retry_policy=PATIENTLY))
        )

    # --- the whole

    def carry_out(self) -> Waits:
        self.wakes = self.ctx.wait_for_external_event("alert")
        self.decisions = self.ctx.wait_for_external_event("decision")
        self.silences = self.ctx.wait_for_external_event("silence")
        yield from self._assess()
        self._remediate()
        yield from self._look()
        if self.brief["ticket_system"]:
            self.chore("open a ticket", "open_ticket", system=self.brief["ticket_system"])
        while self.incident.state is not IncidentState.CLOSED:
            self._climb()
            yield from self.until(task.when_any(self._waits()))
            yield from self._go_on()
        yield from self._write_down()
        return self.incident.to_wire()

    def _waits(self) -> list[task.Task[Any]]:
        timers = (self.ladder, self.quiet, self.again, self.hold, self.look, self.probe)
        return [
            self.wakes,
            self.decisions,
            self.silences,
            *(one for one in (*timers, self.run, self.verifying) if one is not None),
            *(one.task for one in self.chores),
        ]

    def _go_on(self) -> Waits:
        yield from self._take_wake()
        yield from self._take_decision()
        if self.silences.is_complete:
            self.silences = self.ctx.wait_for_external_event("silence")
            yield from self._assess(reroute=True)
        self._take_chores()
        if self.ladder is not None and self.ladder.is_complete:
            self.ladder = None
        if self.run is not None and self.run.is_complete:
            self._take_run(self.run)
        if self.verifying is not None and self.verifying.is_complete:
            self._take_verdict(self.verifying)
        if self.probe is not None and self.probe.is_complete:
            self.probe = None
            self._verify()
        if self.again is not None and self.again.is_complete:
            self.again = None
            yield from self._remedy_if_needed("another run on its services helped")
        if self.hold is not None and self.hold.is_complete:
            self.hold = self.held_until = None
            yield from self._remedy_if_needed("the maintenance is over", reroute=True)
        if self.quiet is not None and self.quiet.is_complete:
            self.quiet = None
            yield from self._close_itself()

    # --- what the estate says

    def _assess(self, asked_by: Wire | None = None, *, reroute: bool = False) -> Waits:
        """Patient, and then without it: an incident that cannot be assessed is still seen by somebody."""
        silent = yield from self.until(self.ctx.call_entity(SILENCES, "read"))
        order: Wire = {
            "incident": self.incident.to_wire(),
            "attempt": len(self.incident.run_ids) + 1,
            "silences": silent or {},
        }
        if asked_by is not None:
            order["asked_by"] = asked_by
        known = self.brief
        try:
            self.brief = yield from self.until(
                self.ctx.call_activity("assess_incident", input=order, retry_policy=CHECK)
            )
        except task.TaskFailedError as error:
            why = "nobody else is known"
            rung = Rung(level=1, team="on call", due_at=self.now, to=(), channels=(), why=why)
            notes = [f"could not be assessed: {str(error)[:300]}"]
            unknown: Wire = {**EMPTY_BRIEF, "ladder": [rung.to_wire()]}
            nothing: Wire = {"request": None, "silenced_until": None, "held_until": None, "notes": notes}
            self.brief = {**(known or unknown), **nothing}
        before = self.incident.ladder
        self.incident = incidents.assessed(self.incident, self.brief, self.now, known)
        if before and not reroute:
            self.incident = self.incident.model_copy(update={"ladder": before})
        elif before:
            self.incident = incidents.rerouted(self.incident, before, self.now)
        self._hold_until(self.brief["held_until"])

    def _hold_until(self, wanted: str | None) -> None:
        """The clock for the end of a maintenance window: what it held back is looked at then."""
        until = datetime.fromisoformat(wanted) if wanted else None
        if until == self.held_until:
            return
        if self.hold is not None:
            self.hold.cancel()
        self.held_until = until
        self.hold = self.ctx.create_timer(max(until - self.now, timedelta(0))) if until is not None else None

    # --- remediation

    def _remediate(self) -> None:
        request = self.brief["request"]
        if not request or self.run is not None or self.incident.state not in incidents.STANDS:
            return
        self.incident = incidents.started(self.incident, self.now, request["run_id"])
        self.run = self.ctx.call_sub_orchestrator("run_plan", input=request, instance_id=request["run_id"])

    def _remedy_if_needed(self, well: str, *, reroute: bool = False) -> Waits:
        """The run that had to wait begins, if what it waited for has not brought about what it would; then `well`.

        A security incident is never taken for over because a proof holds: nothing but its plan contains it.
        """
        yield from self._assess(reroute=reroute)
        if self.hold is not None or self.incident.state not in incidents.STANDS:
            return
        verdict: Wire = {"healthy": False}
        if not self.incident.security:
            order: Wire = {"incident": self.incident.to_wire()}
            with suppress(task.TaskFailedError):  # the run looks for itself
                verdict = yield from self.until(
                    self.ctx.call_activity("recovered_meanwhile", input=order, retry_policy=CHECK)
                )
        if not verdict["healthy"]:
            self._remediate()
            return
        if self.incident.run_ids:
            self.incident = self.incident.model_copy(update={"remediation": Remediation.HELPED})
        self.incident = incidents.mitigated(self.incident, self.now, f"{well}: {verdict['seen']}")
        self._begin_quiet()

    def _take_run(self, run: task.Task[Any]) -> None:
        self.run = None
        run_id = self.incident.run_ids[-1]
        record: Wire = {"run_id": run_id, "status": "failed"}
        if run.is_failed:
            record["status_reason"] = str(run.get_exception())[:300]
        else:
            record = run.get_result()
        if record.get("held_by") and len(self.incident.run_ids) < TRIES:
            self.incident = incidents.noted(self.incident, self.now, f"{run_id}: {record['status_reason']}")
            self.incident = self.incident.model_copy(update={"remediation": Remediation.OFFERED})
            waits = timedelta(seconds=self.brief["again_after"] * 2 ** (len(self.incident.run_ids) - 1))
            self.again = self.ctx.create_timer(waits)
            return
        self.incident = incidents.tried(self.incident, self.now, record)
        if self.incident.remediation is Remediation.HELPED:
            self._begin_quiet()
        else:
            self.incident = incidents.hurried(self.incident, self.now)
            self._tell_everybody(f"tried-{len(self.incident.run_ids)}")
            if self.incident.signals.condition == "resolved":
                self._follow_up()
        if self.incident.ticket is not None:
            self.chore("note it in the ticket", "note_in_ticket", key=run_id)

    # --- what the alert rule says

    def _take_wake(self) -> Waits:
        if self.wakes.is_complete:
            # The event carries nothing that is believed: what alerts said is asked of the entity.
            self.wakes = self.ctx.wait_for_external_event("alert")
            self.looks = list(LOOKS)
            yield from self._look()
        elif self.look is not None and self.look.is_complete:
            self.look = None
            yield from self._look()

    def _look(self) -> Waits:
        before = self.incident
        kept = yield from self.until(self.ctx.call_entity(self.cause, "digest"))
        signals = Signals.from_wire(kept["signals"])
        self.incident = incidents.signalled(self.incident, signals, self.now)
        worse = incidents.raised(self.incident, self.now)
        if worse is not None and self.incident.state in incidents.STANDS:
            self.incident = worse
            yield from self._assess(reroute=True)
        if signals != before.signals:
            self._answer(before, signals)
        if self.looks and self.look is None:
            self.look = self.ctx.create_timer(timedelta(seconds=self.looks.pop(0)))

    def _answer(self, before: Incident, signals: Signals) -> None:
        """Resolved: see whether it is so. Fired after it had been mitigated: people, because it did not last."""
        if signals.condition == "fired":
            self._end_probes()
            if before.state is IncidentState.MITIGATED and self.incident.state is IncidentState.OPEN:
                self._end_quiet()
                self.incident = incidents.hurried(self.incident, self.now)
                if self.incident.remediation is Remediation.HELPED:
                    self.incident = self.incident.model_copy(update={"remediation": Remediation.DID_NOT_HELP})
                    self._tell_everybody(f"back-{signals.changes}")
        elif before.signals.condition == "fired" and self.incident.state in incidents.STANDS:
            self._follow_up()

    def _follow_up(self) -> None:
        """See whether it is over, and if it is not yet, again and again. That something answers ends no breach."""
        self._end_probes()
        if not self.incident.security:
            self.probes = list(PROBES)
            self._verify()

    def _end_probes(self) -> None:
        self.probes = []
        if self.probe is not None:
            self.probe.cancel()
            self.probe = None

    def _verify(self) -> None:
        stands = self.incident.state in incidents.STANDS
        if stands and self.verifying is None and self.run is None:
            order: Wire = {"incident": self.incident.to_wire()}
            self.verifying = self.ctx.call_activity("verify_recovered", input=order, retry_policy=PATIENTLY)

    def _take_verdict(self, verifying: task.Task[Any]) -> None:
        self.verifying = None
        if verifying.is_failed:
            why = str(verifying.get_exception())[:200]
            verdict: Wire = {"healthy": False, "seen": f"it could not be looked at: {why}"}
        else:
            verdict = verifying.get_result()
        # What has fired again meanwhile is not over, whatever was seen.
        if self.incident.state not in incidents.STANDS or self.incident.signals.condition == "fired":
            return
        if verdict["healthy"]:
            self.incident = incidents.mitigated(self.incident, self.now, verdict["seen"])
            self._begin_quiet()
            return
        pause = self.probes.pop(0) if self.probes else None
        more = "" if pause is not None else "; it is not looked at again by itself"
        self.incident = incidents.noted(self.incident, self.now, f"not over: {verdict['seen']}{more}")
        if pause is not None:
            self.probe = self.ctx.create_timer(timedelta(seconds=pause * self.brief["pace"]))

    # --- closing

    def _begin_quiet(self) -> None:
        if incidents.may_close_itself(self.incident) and self.quiet is None:
            self.quiet = self.ctx.create_timer(timedelta(seconds=self.brief["quiet_seconds"]))

    def _end_quiet(self) -> None:
        if self.quiet is not None:
            self.quiet.cancel()
            self.quiet = None

    def _close_itself(self) -> Waits:
        """After a quiet time, unless the entity knows of news: it lets go of the incident only without any."""
        if not incidents.may_close_itself(self.incident):
            return
        heard = {"changes": self.incident.signals.changes, "fired": self.incident.signals.fired}
        order: Wire = {"generation": self.generation, "heard": heard}
        kept = yield from self.until(self.ctx.call_entity(self.cause, "close", order))
        if kept["open"]:
            self.looks = list(LOOKS)
            yield from self._look()
            self._begin_quiet()
            return
        seconds = float(self.brief["quiet_seconds"])
        quiet = f"{seconds / 60:g} min" if seconds >= 60 else f"{seconds:g} s"
        self.incident = incidents.closed(
            self.incident, self.now, "system", f"recovered, and quiet for {quiet}"
        )

    def _write_down(self) -> Waits:
        """The cause is free for another incident; then everything that is still to be said is said."""
        yield from self.until(self.ctx.call_entity(self.cause, "close", {"generation": self.generation}))
        kept = yield from self.until(self.ctx.call_entity(self.cause, "digest"))
        if kept["generation"] == self.generation:
            signals = Signals.from_wire(kept["signals"])
            self.incident = self.incident.model_copy(update={"signals": signals})
        for timer in (self.ladder, self.quiet, self.again, self.hold, self.look, self.probe):
            if timer is not None and not timer.is_complete:
                timer.cancel()
        self.ladder = self.quiet = self.again = self.hold = self.look = self.probe = None
        yield from self._finish_chores()
        if self.incident.ticket is not None:
            self.chore("close the ticket", "close_ticket")
        self._tell_everybody("closed")
        self.chore("keep the incident's record", "publish_incident")
        yield from self._finish_chores()

    def _finish_chores(self) -> Waits:
        while self.chores:
            yield from self.until(task.when_any([one.task for one in self.chores]))
            self._take_chores()

    # --- people

    def _tell(self, what: str, to: tuple[str, ...], channels: tuple[str, ...], why: str = "") -> None:
        """One message for each mailbox and channel, each on its own: what is down holds nothing else up."""
        if to or not channels:
            self.chore(f"mail {', '.join(to) or 'on call'}", "mail_incident", what=what, to=list(to), why=why)
        for channel in channels:
            self.chore(f"reach {channel}", "message_channel", what=what, channel=channel, why=why)

    def _tell_everybody(self, what: str) -> None:
        """Whoever has been told of it hears this as well."""
        told = [rung for rung in self.incident.ladder if rung.told_at is not None]
        if told:
            mails = dict.fromkeys(mail for rung in told for mail in rung.to)
            channels = dict.fromkeys(channel for rung in told for channel in rung.channels)
            self._tell(what, tuple(mails), tuple(channels))

    def _climb(self) -> None:
        """Tell every level that is due, and set the clock for the next. Nobody, before a window's end is looked at."""
        if self.hold is not None:
            return
        wait = timedelta(seconds=self.brief["acknowledged_seconds"])
        due = incidents.rung_due(self.incident, wait)
        while due is not None and due <= self.now:
            rung = incidents.next_rung(self.incident)
            assert rung is not None
            self.incident = incidents.told(self.incident, self.now, rung)
            self._tell(f"level-{rung.level}-{rung.team}", rung.to, rung.channels, why=rung.why)
            due = incidents.rung_due(self.incident, wait)
        if due != self.ladder_due or (due is not None and self.ladder is None):
            if self.ladder is not None:
                self.ladder.cancel()
            self.ladder = self.ctx.create_timer(due - self.now) if due is not None else None
            self.ladder_due = due

    def _take_decision(self) -> Waits:
        if not self.decisions.is_complete:
            return
        given: Wire = {"run_id": self.incident.id, "control": self.decisions.get_result()}
        self.decisions = self.ctx.wait_for_external_event("decision")
        verdict: Wire
        try:
            verdict = yield from self.until(
                self.ctx.call_activity("check_control", input=given, retry_policy=CHECK)
            )
        except task.TaskFailedError as error:
            why = str(error)[:200]
            verdict = {"refused": f"it could not be checked, decide again ({why})"}
        if verdict["refused"]:
            self.incident = incidents.noted(
                self.incident, self.now, f"ignored a decision: {verdict['refused']}"
            )
            return
        control = Control.from_wire(verdict["control"])
        who, reason = control.actor, control.reason
        match control.verb:
            case "acknowledge":
                self.incident = incidents.acknowledged(self.incident, self.now, who, reason)
            case "resolve":
                self.incident = incidents.closed(self.incident, self.now, who, reason)
            case "remediate" if self.run is None:
                self.incident = incidents.noted(
                    self.incident, self.now, f"asked for {self.incident.plan}", who
                )
                yield from self._assess({"id": control.actor_id, "name": who, "reason": reason})
                self._remediate()
            case _:
                what = f"ignored {control.verb}: nothing here can be done with it now"
                self.incident = incidents.noted(self.incident, self.now, what, who)

    def _take_chores(self) -> None:
        for one in [chore for chore in self.chores if chore.task.is_complete]:
            self.chores.remove(one)
            if one.task.is_failed:
                why = str(one.task.get_exception())[:300]
                self.incident = incidents.noted(self.incident, self.now, f"could not {one.what}: {why}")
                continue
            answer: Any = one.task.get_result()
            if one.what == "open a ticket":
                self.incident = incidents.ticketed(self.incident, self.now, TicketRef.from_wire(answer))


CHECK = task.RetryPolicy(
    first_retry_interval=timedelta(seconds=1), max_number_of_attempts=4, backoff_coefficient=2
)

EMPTY_BRIEF: Wire = {
    "security": True,
    "service": "",
    "tenant": "",
    "policy": "",
    "ladder": [],
    "silenced_until": None,
    "held_until": None,
    "plan": "",
    "request": None,
    "ticket_system": "",
    "notes": [],
    "quiet_seconds": 600.0,
    "acknowledged_seconds": 3600.0,
    "again_after": 60.0,
    "pace": 1.0,
}
