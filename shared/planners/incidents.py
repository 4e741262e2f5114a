"""How an incident goes on: pure transitions that `handle_incident` makes, each with its line in the timeline."""

from datetime import datetime, timedelta

from shared.model.incident import Incident, IncidentState, Remediation, Rung, Signals
from shared.model.run import LogEntry
from shared.model.ticket import TicketRef
from shared.model.wire import Wire

TIMELINE = 200
"""Lines of a timeline that are kept; the first one and the latest."""

STANDS = frozenset({IncidentState.OPEN, IncidentState.ACKNOWLEDGED})
"""It still hurts, as far as anybody knows."""


def noted(incident: Incident, now: datetime, what: str, who: str = "") -> Incident:
    """With a line more."""
    lines = (*incident.timeline, LogEntry(at=now, what=what[:500], who=who))
    if len(lines) > TIMELINE:
        lines = (lines[0], *lines[-(TIMELINE - 1) :])
    return incident.model_copy(update={"timeline": lines})


def assessed(incident: Incident, brief: Wire, now: datetime, known: Wire | None = None) -> Incident:
    """What the estate says of it: whose it is, who is told when, and what is silent. `known` is what it said before."""
    ladder = tuple(Rung.from_wire(rung) for rung in brief["ladder"])
    silenced = datetime.fromisoformat(brief["silenced_until"]) if brief["silenced_until"] else None
    if _silent(incident.silenced_until, now) and not _silent(silenced, now):
        incident = noted(incident, now, "silent no more")
    incident = incident.model_copy(
        update={
            "security": brief["security"],
            "service": brief["service"],
            "tenant": brief["tenant"],
            "policy": brief["policy"],
            "ladder": ladder,
            "silenced_until": silenced,
        }
    )
    if incident.remediation in {Remediation.NONE, Remediation.OFFERED}:
        offered = Remediation.OFFERED if brief["plan"] else Remediation.NONE
        incident = incident.model_copy(update={"plan": brief["plan"], "remediation": offered})
    said = known["notes"] if known else ()
    for line in brief["notes"]:
        if line not in said:
            incident = noted(incident, now, line)
    return incident


def _silent(until: datetime | None, now: datetime) -> bool:
    return until is not None and now < until


def signalled(incident: Incident, signals: Signals, now: datetime) -> Incident:
    """What the alert rule has said meanwhile. `resolved` is a hint, and closes nothing by itself (seed 000, 5.1)."""
    before = incident.signals
    if signals == before:
        return incident
    incident = incident.model_copy(update={"signals": signals})
    if signals.changes > before.changes + 2:
        flips = signals.changes - before.changes
        incident = noted(incident, now, f"the rule flaps: it changed its mind {flips} times")
    elif signals.condition != before.condition:
        said = "fired again" if signals.condition == "fired" else "Azure Monitor says that it is resolved"
        incident = noted(incident, now, said)
    elif signals.fired > before.fired:
        incident = noted(incident, now, f"fired again ({signals.fired} times in all)")
    if signals.condition == "fired" and incident.state is IncidentState.MITIGATED:
        if _looked_back(incident, signals):
            what = (
                f"the rule still looked at what was before {incident.mitigated_at:%H:%M:%S} UTC: no relapse"
            )
            return noted(incident, now, what)
        return reopened(incident, now, "it came back")
    return incident


def raised(incident: Incident, now: datetime) -> Incident | None:
    """With the severity that the rule has come to, or None when it is no worse than it was."""
    worst = incident.signals.severity
    if worst.rank >= incident.severity.rank:
        return None
    what = f"severity raised from {incident.severity} to {worst}"
    return noted(incident.model_copy(update={"severity": worst}), now, what)


def rerouted(incident: Incident, before: tuple[Rung, ...], now: datetime) -> Incident:
    """A new ladder, without asking again whom the old one has already told."""
    told = tuple(rung for rung in before if rung.told_at is not None)
    known = {rung.team for rung in told}
    ahead = tuple(rung for rung in incident.ladder if rung.team not in known)
    incident = incident.model_copy(update={"ladder": (*told, *ahead)})
    # What was tried in vain does not wait, whoever is new.
    return (
        incident if told or incident.remediation is not Remediation.DID_NOT_HELP else hurried(incident, now)
    )


def _looked_back(incident: Incident, signals: Signals) -> bool:
    """Whether the rule only saw again what had been seen already: its window reaches back before the cure.

    Where that is all that there was its next windows find nothing; where not, one that begins later says so.
    """
    cured = incident.mitigated_at
    return signals.since is not None and cured is not None and signals.since < cured


def mitigated(incident: Incident, now: datetime, why: str) -> Incident:
    """It no longer hurts, as somebody or something has seen."""
    changes: Wire = {"state": IncidentState.MITIGATED, "mitigated_at": now}
    return noted(incident.model_copy(update=changes), now, f"mitigated: {why}")


def reopened(incident: Incident, now: datetime, why: str) -> Incident:
    """It hurts again."""
    changes: Wire = {"state": IncidentState.OPEN, "mitigated_at": None, "acknowledged_at": None}
    return noted(incident.model_copy(update=changes), now, f"open again: {why}")


def acknowledged(incident: Incident, now: datetime, who: str, reason: str) -> Incident:
    """Somebody is on it, and the ladder waits."""
    state = IncidentState.ACKNOWLEDGED if incident.state in STANDS else incident.state
    changes: Wire = {"state": state, "acknowledged_at": now, "acknowledged_by": who}
    return noted(incident.model_copy(update=changes), now, f"acknowledged: {reason}", who)


def closed(incident: Incident, now: datetime, who: str, reason: str) -> Incident:
    """Over."""
    changes: Wire = {
        "state": IncidentState.CLOSED,
        "closed_at": now,
        "closed_by": who,
        "close_reason": reason,
    }
    return noted(incident.model_copy(update=changes), now, f"closed: {reason}", who)


def started(incident: Incident, now: datetime, run_id: str) -> Incident:
    """A plan works on it."""
    changes: Wire = {"run_ids": (*incident.run_ids, run_id), "remediation": Remediation.RUNNING}
    return noted(incident.model_copy(update=changes), now, f"started {run_id}")


def tried(incident: Incident, now: datetime, record: Wire) -> Incident:
    """A run has ended: what it did, step by step, and whether it helped."""
    lines = tuple(_step_line(step) for step in record.get("steps", []) if step["status"] != "skipped")
    helped = record.get("status") == "succeeded"
    changes: Wire = {
        "tried": (*incident.tried, *lines)[-60:],
        "remediation": Remediation.HELPED if helped else Remediation.DID_NOT_HELP,
    }
    incident = incident.model_copy(update=changes)
    for line in lines:
        incident = noted(incident, now, line)
    if helped:
        return (
            mitigated(incident, now, f"{record['run_id']} succeeded")
            if incident.state in STANDS
            else incident
        )
    why = record.get("status_reason") or "it gave no reason"
    return noted(incident, now, f"{record.get('run_id', 'the run')} did not help: {why}")


def _step_line(step: Wire) -> str:
    said = step.get("error") or step.get("summary") or ""
    return f"{step['name']}: {step['status']}" + (f", {said}" if said else "")


def ticketed(incident: Incident, now: datetime, ticket: TicketRef) -> Incident:
    """There is a ticket for it."""
    incident = incident.model_copy(update={"ticket": ticket})
    return noted(incident, now, f"ticket {ticket.number} in {ticket.system}")


# --- the ladder


def next_rung(incident: Incident) -> Rung | None:
    """The first level that has not been told yet."""
    return next((rung for rung in incident.ladder if rung.told_at is None), None)


def rung_due(incident: Incident, acknowledged_for: timedelta) -> datetime | None:
    """When the next level is told, if nothing changes; None when nobody is left, or nothing hurts any more.

    An acknowledgement stops the ladder, for as long as one may take before others look as well; a silence holds it.
    """
    rung = next_rung(incident)
    if rung is None or incident.state not in STANDS:
        return None
    due = rung.due_at
    if incident.state is IncidentState.ACKNOWLEDGED and incident.acknowledged_at is not None:
        due = max(due, incident.acknowledged_at + acknowledged_for)
    return max(due, incident.silenced_until) if incident.silenced_until is not None else due


def told(incident: Incident, now: datetime, rung: Rung) -> Incident:
    """That level has its message on the way."""
    ladder = tuple(one.model_copy(update={"told_at": now}) if one == rung else one for one in incident.ladder)
    who = ", ".join((*rung.to, *rung.channels)) or "nobody"
    why = f" ({rung.why})" if rung.why else ""
    return noted(
        incident.model_copy(update={"ladder": ladder}), now, f"level {rung.level}, {rung.team}: {who}{why}"
    )


def hurried(incident: Incident, now: datetime) -> Incident:
    """The next level is due now: what was done without people did not help, or did not last."""
    rung = next_rung(incident)
    if rung is None or rung.due_at <= now:
        return incident
    ladder = tuple(one.model_copy(update={"due_at": now}) if one == rung else one for one in incident.ladder)
    return incident.model_copy(update={"ladder": ladder})


def may_close_itself(incident: Incident) -> bool:
    """Security incidents are closed by people alone (seed 000, 5.1.2)."""
    return incident.state is IncidentState.MITIGATED and not incident.security


def live(incident: Incident, limit: int = 20) -> Wire:
    """What fits into a custom status: the incident with the end of its timeline."""
    return incident.model_copy(
        update={"timeline": incident.timeline[-limit:], "tried": incident.tried[-limit:]}
    ).to_wire()
