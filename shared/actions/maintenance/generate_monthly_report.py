"""Makes the operations report of a month (seed 000, sections 9.1 and 10)."""

from datetime import timedelta

from shared.actions.action import Call, action
from shared.actions.month import DATA, DOCUMENT, PAGE, asked_for, gather, place
from shared.errors import AzureCallFailed
from shared.importing import IMPORTING
from shared.model.monthly import Month
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen
from shared.planners.monthly import findings

PATIENCE = 5
"""How often it is asked again for a part that may yet come; then the report is made without it, and says so."""
ASK_AGAIN = timedelta(seconds=30)


class Params(Frozen):
    """The month; none: the last one that was over when the run began."""

    month: Month | None = None


@action(changes=False, wants_record=True)
def generate_monthly_report(params: Params, call: Call) -> Outcome | Pending:
    """Gathers service levels, recoveries, readiness, incidents, security and cost of a month, and keeps the report.

    Made again it replaces the one before.
    """
    with IMPORTING:
        from shared.reports import monthly_report  # noqa: PLC0415 - templates and PDF only when a report is made

    tried = int(call.progress.get("tried", 0))
    try:
        report = gather(asked_for(params.month, call), call, patient=tried < PATIENCE)
    except AzureCallFailed as error:
        wait = error.retry_after or ASK_AGAIN.total_seconds() * call.pace
        return call.waiting_for(None, str(error)[:300], retry_after=wait, begun=False, tried=tried + 1)
    platform = call.estate.platform
    files = {
        PAGE: (monthly_report.html(report).encode(), "text/html; charset=utf-8"),
        DOCUMENT: (monthly_report.pdf(report), "application/pdf"),
        # Last: who finds it finds the others too.
        DATA: (report.model_dump_json(indent=2).encode(), "application/json"),
    }
    for file, (content, media_type) in files.items():
        call.azure.blobs.write(
            platform.records_account_url,
            platform.records_container,
            place(report.month, file),
            content,
            media_type,
        )
    return Outcome(
        summary=monthly_report.mail_subject(report),
        findings=findings(report),
        evidence={"month": report.month, "kept": [place(report.month, file) for file in files]},
    )
