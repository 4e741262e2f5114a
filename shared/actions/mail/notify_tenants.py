"""Tells each affected tenant what happens to its service, and nothing of anybody else's."""

from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from markupsafe import escape

from shared.actions.action import Call, action
from shared.actions.mail.notify_stakeholders import deliver
from shared.gateways.mail import Message
from shared.model.estate import Tenant
from shared.model.outcome import Finding, Outcome, Pending
from shared.model.plan import Mode
from shared.model.run import RunRecord
from shared.model.severity import Severity
from shared.model.wire import Frozen

Moment = Literal["begin", "end"]


class Params(Frozen):
    """Who is told, at which moment; `address` is where tenants find the service, `within` how long it may take."""

    tenants: tuple[Tenant, ...]
    moment: Moment
    address: str
    within: timedelta | None = None


@action(changes=True, wants_record=True)
def notify_tenants(params: Params, call: Call) -> Outcome | Pending:
    """Mails every tenant's contacts that their service is moved, or that it is back.

    Each tenant gets a mail of its own, without names of other tenants, of steps or of what the platform is made of.
    """
    told: list[str] = []
    waiting = False
    for tenant in params.tenants:
        if not tenant.contacts:
            continue
        result = deliver(call, _message(tenant, params, call), of=tenant.name)
        if isinstance(result, Pending):
            waiting = True
        else:
            told.append(tenant.name)
    if waiting:
        return call.waiting_for(None, f"mails to {len(params.tenants)} tenants are on their way")
    nobody = tuple(_nobody(tenant) for tenant in params.tenants if not tenant.contacts)
    return Outcome(summary=f"told {', '.join(told) or 'no tenant'}", changed=bool(told), findings=nobody)


def _message(tenant: Tenant, params: Params, call: Call) -> Message:
    subject, lines = _words(params, call)
    text = "\n\n".join([f"To the administrators of {tenant.name}", *lines, call.estate.title]) + "\n"
    return Message(to=tenant.contacts, subject=subject, text=text, html=f"<pre>{escape(text)}</pre>")


def _words(params: Params, call: Call) -> tuple[str, list[str]]:
    """The subject, and the paragraphs of one of the four mails."""
    drill, address = call.mode is Mode.DRILL, params.address
    within = f" within {_spoken(params.within)}" if params.within else ""
    if params.moment == "begin" and drill:
        subject = f"Planned exercise: {address} is moved to another region and back"
        what = (
            f"We are moving {address} to our recovery region and back{within}, as announced, to prove that we can. "
            "Your service goes on; single requests may fail at the moments of the moves, so let your clients try "
            "again."
        )
        return subject, [what, "You need not do anything. We write again when it is over."]
    if params.moment == "begin":
        subject = f"Outage: {address} is being moved to our recovery region"
        what = (
            f"{address} does not work as it should: the region that it runs in is out. We are moving it to our "
            f"recovery region; our objective is to have it back{within or ' soon'}."
        )
        return subject, [what, "You need not do anything. We write again when it is back."]
    if drill:
        subject = f"The planned exercise is over: {address} is served as before"
        return subject, [f"The exercise with {address} is over, and it is served from its usual region."]
    back = f"{address} works again{_since(call.record, call.estate.time_zone)}."
    look = (
        "Please look whether what you wrote just before the outage is there, and send it again if it is not."
    )
    return f"{address} is back", [back, look]


def _since(record: RunRecord | None, zone: str) -> str:
    """When it came back, in the estate's own time, as far as the run has measured it."""
    if record is None or record.rto.measured_seconds is None:
        return ""
    back: datetime = record.rto.started_at + timedelta(seconds=record.rto.measured_seconds)
    return f" since {back.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} ({zone})"


def _spoken(duration: timedelta) -> str:
    minutes = round(duration.total_seconds() / 60)
    hours, rest = divmod(minutes, 60)
    parts = [f"{hours} h" if hours else "", f"{rest} min" if rest or not hours else ""]
    return " ".join(part for part in parts if part)


def _nobody(tenant: Tenant) -> Finding:
    return Finding(
        check="notify_tenants",
        resource=tenant.name,
        severity=Severity.LOW,
        title=f"tenant {tenant.name} has no contacts, so nobody there was told",
        recommendation="add contacts to the tenant in the estate",
    )
