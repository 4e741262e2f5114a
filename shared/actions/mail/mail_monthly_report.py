"""Sends a month's operations report to those who want to know."""

from shared.actions.action import Call, action
from shared.actions.mail.notify_stakeholders import deliver
from shared.actions.month import DOCUMENT, asked_for, kept, kept_file
from shared.errors import CheckFailed
from shared.gateways.mail import Attachment, Message
from shared.importing import IMPORTING
from shared.model.monthly import Month
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen


class Params(Frozen):
    """Who is told, and of which month (none: the last one that was over when the run began)."""

    to: tuple[str, ...]
    month: Month | None = None


@action(changes=True, wants_record=True)
def mail_monthly_report(params: Params, call: Call) -> Outcome | Pending:
    """Mails the report that this run has made, with the PDF attached; an older one is never sent in its place."""
    with IMPORTING:
        from shared.reports import monthly_report  # noqa: PLC0415 - templates only when a mail is written

    month = asked_for(params.month, call)
    report = kept(call.estate, call.azure, month)
    document = kept_file(call.estate, call.azure, month, DOCUMENT)
    if report is None or document is None or report.run_id != call.run_id:
        raise CheckFailed(f"this run has made no report of {month}")
    attached = Attachment(name=f"operations-{month}.pdf", media_type="application/pdf", content=document)
    return deliver(
        call,
        Message(
            to=params.to,
            subject=monthly_report.mail_subject(report),
            text=monthly_report.mail_text(report),
            html=monthly_report.mail_html(report),
            attachments=(attached,),
        ),
    )
