"""`/on-call`: who answers now or at another time, and whom an incident would reach; a page for browsers."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import azure.functions as func

from orchestrations.triggers.endpoint import Request, reply
from orchestrations.triggers.pages import html
from orchestrations.triggers.problem import Problem
from shared.importing import IMPORTING
from shared.planners.on_call_table import table
from shared.planners.schedule import first_moment


def show_on_call(request: Request) -> func.HttpResponse:
    """JSON, or a page where the caller prefers HTML. `at` without an offset is the estate's local time."""
    estate = request.world.estate
    if estate.escalation is None:
        raise Problem(404, "the estate has no section 'escalation', so it says nobody's hours: add it")
    at = _moment(request.query.get("at", ""), estate.time_zone)
    found = table(estate, estate.escalation, at)
    if not _prefers_html(request.http.headers.get("accept", "")):
        return func.HttpResponse(
            reply(found.to_wire()).get_body(), mimetype="application/json", headers={"Vary": "Accept"}
        )
    with IMPORTING:
        from shared.reports.on_call import page  # noqa: PLC0415 - templates only when somebody reads

    return html(page(found, time_zone=estate.time_zone, asked="at" in request.query))


def _moment(text: str, zone: str) -> datetime:
    if not text:
        return datetime.now(UTC).replace(microsecond=0)
    try:
        at = datetime.fromisoformat(text.replace(" ", "+"))  # what a query makes of an offset's plus
    except ValueError:
        at = None
    if at is None or not 2000 <= at.year <= 2100:
        message = (
            "must be a time such as 2027-03-15T02:00 (the estate's own) or 2027-03-15T02:00Z, until 2100"
        )
        raise Problem(400, f"at: {message}", errors=[{"field": "at", "problem": message}])
    if at.tzinfo is not None:
        return at.astimezone(UTC)
    return first_moment(at.replace(second=0, microsecond=0), ZoneInfo(zone))


def _prefers_html(accept: str) -> bool:
    """Whether HTML stands before JSON among what the caller takes; without a wish it is JSON."""
    kinds = [part.split(";")[0].strip().lower() for part in accept.split(",")]
    if "text/html" not in kinds:
        return False
    return "application/json" not in kinds or kinds.index("text/html") < kinds.index("application/json")
