"""Tells the stakeholders how a run went, with its timeline."""

from markupsafe import escape

from shared.actions.action import ATTEMPTS, Call, action
from shared.errors import CheckFailed
from shared.gateways.mail import Message
from shared.importing import IMPORTING
from shared.model.outcome import Outcome, Pending
from shared.model.run import RunRecord, RunStatus
from shared.model.wire import Frozen


class Params(Frozen):
    """Who is told; `begins`: that it starts now, with what is going to happen, instead of how it went."""

    to: tuple[str, ...]
    begins: bool = False


@action(changes=True, wants_record=True)
def notify_stakeholders(params: Params, call: Call) -> Outcome | Pending:
    """Mails what happened, how long it took against the target, and the timeline so far."""
    with IMPORTING:
        from shared.reports import run_report  # noqa: PLC0415 - templates only when a mail is written

    if call.record is None:
        raise CheckFailed("there is no record to tell of")
    if params.begins:
        return deliver(call, _beginning(params, call.record))
    record = told(call.record, call.step)
    zone = call.estate.time_zone
    return deliver(
        call,
        Message(
            to=params.to,
            subject=run_report.mail_subject(record),
            text=run_report.mail_text(record, time_zone=zone),
            html=run_report.mail_html(record, time_zone=zone),
        ),
    )


def _beginning(params: Params, record: RunRecord) -> Message:
    """What is going to happen, in the plan's own words."""
    steps = "\n".join(f"  {number}. {step.name}" for number, step in enumerate(record.steps, 1))
    text = (
        f"{record.title} begins now ({record.mode.upper()}, run {record.run_id}).\n\n"
        f"Asked for by {record.requested_by}: {record.reason}\n\nSteps:\n{steps}\n\n"
        "You hear again when it is over.\n"
    )
    subject = f"[{record.mode.upper()}] {record.title} begins"
    return Message(to=params.to, subject=subject[:200], text=text, html=f"<pre>{escape(text)}</pre>")


def told(record: RunRecord, step: str) -> RunRecord:
    """The run as the mail tells it: without the step that sends the mail, and as the success that it already is."""
    steps = tuple(found for found in record.steps if found.name != step)
    recovered = record.rto.measured_seconds is not None and not record.status.over
    status = RunStatus.SUCCEEDED if recovered else record.status
    return record.model_copy(update={"steps": steps, "status": status})


def deliver(call: Call, message: Message, *, of: str = "") -> Outcome | Pending:
    """Send a message once, however often this is called, and see it through; `of` tells a step's several apart.

    Only what the service has given up on is sent again, under the next key: nobody has got that one.
    """
    first = f"{call.key}/{of}" if of else call.key
    for key in (first, *(f"{first}/{again}" for again in range(2, ATTEMPTS + 1))):
        state = call.azure.mail.state(key)
        if state == "failed":
            continue
        if state == "succeeded":
            return Outcome(summary=f"mail to {', '.join(message.to)}", changed=True)
        if state == "unsent":
            call.azure.mail.send(key, message)
        return call.waiting_for(None, f"mail to {len(message.to)} people is on its way")
    raise CheckFailed(f"the mail service gave up on the mail to {', '.join(message.to)}, {ATTEMPTS} times")
