"""ServiceNow's Table API: incidents, and the journal that their work notes go to."""

import uuid

from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.desks import desk

HOST, SYSTEM = "contoso.service-now.com", "servicenow"
INCIDENTS = "/api/now/table/incident"
_WRITABLE = {
    "short_description",
    "description",
    "correlation_id",
    "correlation_display",
    "urgency",
    "impact",
    "state",
    "close_code",
    "close_notes",
    "work_notes",
}
service = Service("servicenow")


def _refused(world: World, request: Request) -> Answer | None:
    if answer := desk.unavailable(world, request, desk.TICKETS_DOWN):
        return answer
    if desk.signed_in(request, "foundry-ops", "tickets-servicenow"):
        return None
    return _failure(401, "User Not Authenticated", "Required to provide Auth information")


def _failure(status: int, message: str, detail: str) -> Answer:
    return Answer(status, {"error": {"message": message, "detail": detail}, "status": "failure"})


def _shown(row: Json, fields: str = "") -> Json:
    whole = {**row["fields"], "sys_id": row["id"], "number": row["number"], "state": row["state"]}
    return {name: whole.get(name, "") for name in fields.split(",")} if fields else whole


@service.on("GET", HOST, INCIDENTS, token=False)
def find(world: World, request: Request) -> Answer:
    if answer := _refused(world, request):
        return answer
    rows = [row for row in desk.tickets(world, SYSTEM) if _fits(_shown(row), request)]
    most = int(request.query.get("sysparm_limit", "10000"))
    fields = request.query.get("sysparm_fields", "")
    return Answer(200, {"result": [_shown(row, fields) for row in rows[:most]]})


def _fits(values: Json, request: Request) -> bool:
    """Whether all conditions of an encoded query hold; as there, one that makes no sense is left out."""
    for part in request.query.get("sysparm_query", "").split("^"):
        if "LIKE" in part:
            name, _, wanted = part.partition("LIKE")
            if wanted.lower() not in str(values.get(name, "")).lower():
                return False
        elif "=" in part:
            name, _, wanted = part.partition("=")
            if str(values.get(name, "")).lower() != wanted.lower():
                return False
    return True


@service.on("POST", HOST, INCIDENTS, token=False)
def create(world: World, request: Request) -> Answer:
    if answer := _refused(world, request):
        return answer
    number = f"INC{10001 + desk.count(world, SYSTEM):07d}"
    fields = {name: str(value) for name, value in request.json.items() if name in _WRITABLE}
    row = desk.keep(
        world,
        {
            "system": SYSTEM,
            "number": number,
            "id": uuid.UUID(world.new_id()).hex,
            "key": fields.get("correlation_id", ""),
            "title": fields.get("short_description", ""),
            "text": fields.get("description", ""),
            "state": "1",
            "closed": False,
            "notes": [],
            "fields": fields,
        },
    )
    return Answer(201, {"result": _shown(row)}, {"Location": f"https://{HOST}{INCIDENTS}/{row['id']}"})


@service.on("GET", HOST, INCIDENTS + "/{id}", token=False)
def get(world: World, request: Request) -> Answer:
    if answer := _refused(world, request):
        return answer
    row = desk.ticket(world, SYSTEM, request.params["id"])
    if row is None:
        return _failure(404, "No Record found", "Record doesn't exist or ACL restricts the record retrieval")
    return Answer(200, {"result": _shown(row, request.query.get("sysparm_fields", ""))})


@service.on("PATCH", HOST, INCIDENTS + "/{id}", token=False)
def update(world: World, request: Request) -> Answer:
    if answer := _refused(world, request):
        return answer
    row = desk.ticket(world, SYSTEM, request.params["id"])
    if row is None:
        return _failure(404, "No Record found", "Record doesn't exist or ACL restricts the record retrieval")
    change = {name: str(value) for name, value in request.json.items() if name in _WRITABLE}
    if change.get("state") in {"6", "7"} and not (change.get("close_code") and change.get("close_notes")):
        detail = (
            "Data Policy Exception: The following fields are mandatory: Resolution code, Resolution notes"
        )
        return _failure(403, "Operation Failed", detail)
    if note := change.pop("work_notes", ""):
        row["notes"] = [*row["notes"], {"text": note, "id": uuid.UUID(world.new_id()).hex}]
    row["state"] = change.get("state", row["state"])
    row["closed"] = row["state"] in {"6", "7", "8"}
    row["fields"] = {**row["fields"], **change}
    return Answer(200, {"result": _shown(desk.keep(world, row))})


@service.on("GET", HOST, "/api/now/table/sys_journal_field", token=False)
def journal(world: World, request: Request) -> Answer:
    if answer := _refused(world, request):
        return answer
    entries = [
        {"sys_id": note["id"], "element_id": row["id"], "element": "work_notes", "value": note["text"]}
        for row in desk.tickets(world, SYSTEM)
        for note in row["notes"]
    ]
    return Answer(200, {"result": [entry for entry in entries if _fits(entry, request)]})
