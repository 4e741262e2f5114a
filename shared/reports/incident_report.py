"""What people read of an incident: the message that pages them, its live page, and the record when it is over."""

from dataclasses import dataclass
from datetime import datetime

from shared.model.incident import Incident, IncidentState, Remediation
from shared.reports.rendering import style, templates
from shared.reports.wording import Clock, clean, counted, duration, line

TONES = {
    IncidentState.OPEN: "bad",
    IncidentState.ACKNOWLEDGED: "waiting",
    IncidentState.MITIGATED: "active",
    IncidentState.CLOSED: "good",
}

DONE = {
    Remediation.NONE: "Nothing is done about it by itself: it needs you.",
    Remediation.OFFERED: "A plan is offered, and starts when somebody says so.",
    Remediation.RUNNING: "A plan is at work on it now.",
    Remediation.HELPED: "What was done by itself helped, and that was verified.",
    Remediation.DID_NOT_HELP: "What was done by itself did not help: it needs you.",
}


@dataclass(frozen=True)
class Message:
    """One message, long for a mailbox and short for a chat or pager."""

    subject: str
    text: str
    html: str
    short: str


@dataclass(frozen=True)
class PageState:
    """What the live page offers this person."""

    person: str
    message: str = ""
    tone: str = "active"
    may_decide: bool = False


def message(incident: Incident, *, address: str, time_zone: str, why: str = "") -> Message:
    """What everybody who is told reads. `address` is the link for that person; `why` says why it is them."""
    view = _view(incident, time_zone)
    words = {"view": view, "address": address, "why": clean(why)}
    state = "" if incident.state is IncidentState.OPEN else f" {incident.state}"
    subject = line(f"[{incident.severity}{state}] {incident.alert.rule}{_about(incident)}", 200)
    short = f"{view['headline']} {address}"
    return Message(
        subject=subject,
        text=_render("incident_mail.txt", **words),
        html=_render("incident_mail.html", **words),
        short=line(short, 800),
    )


def html(incident: Incident, *, time_zone: str, state: PageState | None = None) -> str:
    """The incident as a page: live with a form where somebody may decide, and for good when it is over."""
    return _render("incident_page.html", view=_view(incident, time_zone), state=state, style=style())


def _about(incident: Incident) -> str:
    what = incident.tenant or incident.service
    return f" ({what})" if what else ""


def _view(incident: Incident, time_zone: str) -> dict[str, object]:
    clock = Clock.of(time_zone, incident.opened_at)

    def at(instant: datetime | None) -> str:
        return clock.moment(instant).text if instant is not None else ""

    alert, end = incident.alert, incident.closed_at
    return {
        "id": incident.id,
        "rule": line(alert.rule),
        "severity": incident.severity.value,
        "state": incident.state.value,
        "tone": TONES[incident.state],
        "headline": _headline(incident),
        "description": clean(alert.description),
        "facts": tuple((line(name, 60), line(value)) for name, value in alert.facts.items()),
        "dimensions": tuple((line(name, 60), line(value)) for name, value in alert.dimensions.items()),
        "resources": tuple(line(one) for one in alert.resources),
        "service": incident.service,
        "tenant": line(incident.tenant, 100),
        "fired_at": clock.full(alert.fired_at).text,
        "opened_at": clock.full(incident.opened_at).text,
        "zone": clock.name,
        "lasted": duration((end - incident.opened_at).total_seconds()) if end else "",
        "told_after": _after(incident, min((r.told_at for r in incident.ladder if r.told_at), default=None)),
        "acknowledged_after": _after(incident, incident.acknowledged_at),
        "acknowledged_by": line(incident.acknowledged_by, 100),
        "mitigated_after": _after(incident, incident.mitigated_at),
        "closed_by": line(incident.closed_by, 100),
        "close_reason": clean(incident.close_reason),
        "security": incident.security,
        "done": DONE[incident.remediation],
        "remediation": incident.remediation.value,
        "plan": incident.plan,
        "runs": incident.run_ids,
        "tried": tuple(clean(one, 400) for one in incident.tried),
        "policy": incident.policy,
        "ladder": tuple(
            {
                "level": rung.level,
                "team": rung.team,
                "to": ", ".join((*rung.to, *rung.channels)),
                "due": at(rung.due_at),
                "told": at(rung.told_at),
                "why": clean(rung.why, 300),
            }
            for rung in incident.ladder
        ),
        "silenced_until": at(incident.silenced_until),
        "ticket": incident.ticket,
        "signals": incident.signals,
        "signal_words": _signal_words(incident),
        "timeline": tuple(
            {"at": at(entry.at), "what": clean(entry.what), "who": line(entry.who, 100)}
            for entry in incident.timeline
        ),
    }


def _after(incident: Incident, moment: datetime | None) -> str:
    return duration(max((moment - incident.opened_at).total_seconds(), 0.0)) if moment else ""


def _headline(incident: Incident) -> str:
    rule, about = incident.alert.rule, _about(incident)
    match incident.state:
        case IncidentState.CLOSED:
            return f"{rule}{about} is over: {clean(incident.close_reason, 200)}"
        case IncidentState.MITIGATED:
            return f"{rule}{about} no longer hurts, and is watched."
        case IncidentState.ACKNOWLEDGED:
            return f"{rule}{about}: {line(incident.acknowledged_by, 80)} is on it."
        case _:
            return f"{rule}{about} fired. {DONE[incident.remediation]}"


def _signal_words(incident: Incident) -> str:
    said = incident.signals
    parts = [f"fired {counted(said.fired, 'time')}"]
    if said.resolved:
        parts.append(f"resolved {counted(said.resolved, 'time')}")
    if said.repeats:
        parts.append(f"{counted(said.repeats, 'repeat')} dropped")
    return ", ".join(parts)


def _render(template: str, **content: object) -> str:
    return templates().get_template(template).render(**content)
