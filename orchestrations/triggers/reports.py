"""`/reports`: the operations reports of past months."""

import re

import azure.functions as func

from orchestrations.triggers.endpoint import Request, reply
from orchestrations.triggers.problem import Problem
from shared.actions.month import DATA, DOCUMENT, PAGE, place
from shared.errors import AzureCallFailed

FILES = {
    "html": (PAGE, "text/html"),
    "pdf": (DOCUMENT, "application/pdf"),
    "json": (DATA, "application/json"),
}
_KEPT = re.compile(rf"reports/(20\d\d-\d\d)/{re.escape(DATA)}")
MAKE_ONE = 'POST /api/maintenance/monthly with {"reason": ..., "parameters": {"month": "2026-10"}} makes one'


def list_reports(request: Request) -> func.HttpResponse:
    """The months that a report is kept of, the newest first."""
    platform = request.world.estate.platform
    try:
        names = request.world.azure.blobs.names(
            platform.records_account_url, platform.records_container, "reports/"
        )
    except AzureCallFailed as error:
        raise _later(error) from error
    months = sorted((found[1] for name in names if (found := _KEPT.fullmatch(name))), reverse=True)
    return reply({"reports": [{"month": month, "url": f"/api/reports/{month}"} for month in months]})


def show_monthly_report(request: Request) -> func.HttpResponse:
    """One month's report as a page, a document or data."""
    month, wanted = request.route["month"], request.query.get("format", "html")
    if wanted not in FILES:
        known = ", ".join(FILES)
        raise Problem(400, f"format: '{wanted[:40]}' is none of {known}", errors=[{"field": "format"}])
    if not re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", month):
        raise Problem(404, f"'{month[:40]}' is no month such as 2026-10")
    file, media_type = FILES[wanted]
    platform = request.world.estate.platform
    try:
        content = request.world.azure.blobs.read(
            platform.records_account_url, platform.records_container, place(month, file)
        )
    except AzureCallFailed as error:
        raise _later(error) from error
    if content is None:
        raise Problem(404, f"no report of {month} is kept; {MAKE_ONE}")
    return func.HttpResponse(content, mimetype=media_type, charset="utf-8")


def _later(error: AzureCallFailed) -> Problem:
    return Problem(503, f"the records cannot be read now, try again: {error}")
