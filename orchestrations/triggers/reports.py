"""`/reports`: the operations reports of past months."""

import re

import azure.functions as func

from orchestrations.triggers.endpoint import Request, reply
from orchestrations.triggers.problem import Problem
from shared.actions.month import DATA, DOCUMENT, PAGE, kept_file, kept_months
from shared.errors import AzureCallFailed
from shared.model.monthly import MONTH

FILES = {
    "html": (PAGE, "text/html"),
    "pdf": (DOCUMENT, "application/pdf"),
    "json": (DATA, "application/json"),
}
MAKE_ONE = 'POST /api/maintenance/monthly with {"reason": ..., "parameters": {"month": "2026-10"}} makes one'


def list_reports(request: Request) -> func.HttpResponse:
    """The months that a report is kept of, the newest first."""
    try:
        months = kept_months(request.world.estate, request.world.azure)
    except AzureCallFailed as error:
        raise _later(error) from error
    return reply({"reports": [{"month": month, "url": f"/api/reports/{month}"} for month in months]})


def show_monthly_report(request: Request) -> func.HttpResponse:
    """One month's report as a page, a document or data."""
    month, wanted = request.route["month"], request.query.get("format", "html")
    if wanted not in FILES:
        known = ", ".join(FILES)
        raise Problem(400, f"format: '{wanted[:40]}' is none of {known}", errors=[{"field": "format"}])
    if not re.fullmatch(MONTH, month):
        raise Problem(404, f"'{month[:40]}' is no month such as 2026-10")
    file, media_type = FILES[wanted]
    try:
        content = kept_file(request.world.estate, request.world.azure, month, file)
    except AzureCallFailed as error:
        raise _later(error) from error
    if content is None:
        raise Problem(404, f"no report of {month} is kept; {MAKE_ONE}")
    return func.HttpResponse(content, mimetype=media_type, charset="utf-8")


def _later(error: AzureCallFailed) -> Problem:
    return Problem(503, f"the records cannot be read now, try again: {error}")
