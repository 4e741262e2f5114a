"""Jira Cloud's REST API v3: issues, comments with properties, transitions, search by JQL."""

import re

from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.desks import desk

HOST, SYSTEM, PROJECT = "contoso.atlassian.net", "jira", "OPS"
API = "/rest/api/3"
_JQL = re.compile(r'project = "([^"]+)" AND labels = "([^"]+)"( ORDER BY created (ASC|DESC))?')
_STATES = {"11": ("To Do", "new"), "21": ("In Progress", "indeterminate"), "31": ("Done", "done")}
service = Service("jira")


def _refused(world: World, request: Request) -> Answer | None:
    if answer := desk.unavailable(world, request, desk.TICKETS_DOWN):
        return answer
    if desk.signed_in(request, "foundry-ops@contoso.com", "tickets-jira"):
        return None
    return Answer(401, "Client must be authenticated to access this resource.")


def _wrong(status: int, message: str = "", **errors: str) -> Answer:
    return Answer(status, {"errorMessages": [message] if message else [], "errors": errors})


def _issue(world: World, request: Request) -> Json | None:
    wanted = request.params["issue"].lower()
    rows = desk.tickets(world, SYSTEM)
    return next((row for row in rows if wanted in {row["id"], row["number"].lower()}), None)


def _status(row: Json) -> Json:
    name, category = _STATES[row["state"]]
    return {"name": name, "statusCategory": {"key": category}}


def _shown(row: Json) -> Json:
    where = f"https://{HOST}{API}/issue/{row['id']}"
    return {"id": row["id"], "key": row["number"], "self": where}


def _is_document(value: object) -> bool:
    return isinstance(value, dict) and value.get("type") == "doc" and value.get("version") == 1


@service.on("GET", HOST, f"{API}/search/jql", token=False)
def search(world: World, request: Request) -> Answer:
    if answer := _refused(world, request):
        return answer
    found = _JQL.fullmatch(request.query.get("jql", ""))
    if found is None:
        return _wrong(400, "Error in the JQL Query.")
    if found[1] != PROJECT:
        return _wrong(400, f"The value '{found[1]}' does not exist for the field 'project'.")
    rows = [row for row in desk.tickets(world, SYSTEM) if found[2] in row["labels"]]
    most = int(request.query.get("maxresults", "50"))
    issues = [{**_shown(row), "fields": {"status": _status(row)}} for row in rows[:most]]
    return Answer(200, {"issues": issues, "isLast": len(rows) <= most})


@service.on("POST", HOST, f"{API}/issue", token=False)
def create(world: World, request: Request) -> Answer:
    if answer := _refused(world, request):
        return answer
    fields: Json = request.json.get("fields") or {}
    if (fields.get("project") or {}).get("key") != PROJECT:
        return _wrong(400, project="valid project is required")
    summary = str(fields.get("summary") or "")
    if not summary or "\n" in summary or len(summary) > 255:
        return _wrong(400, summary="The summary is invalid because it is empty, too long or has line breaks.")
    if not _is_document(fields.get("description")):
        return _wrong(
            400,
            description="Operation value must be an Atlassian Document (see the Atlassian Document Format)",
        )
    if any(" " in one for one in fields.get("labels", [])):
        return _wrong(400, labels="The label can't contain spaces.")
    number = 1 + desk.count(world, SYSTEM)
    row = desk.keep(
        world,
        {
            "system": SYSTEM,
            "number": f"{PROJECT}-{number}",
            "id": str(10000 + number),
            "key": next((one for one in fields.get("labels", []) if one != "foundry-ops"), ""),
            "labels": fields.get("labels", []),
            "title": summary,
            "text": _plain(fields["description"]),
            "state": "11",
            "closed": False,
            "notes": [],
        },
    )
    return Answer(201, _shown(row))


def _plain(document: Json) -> str:
    return "\n\n".join(
        "".join(str(part.get("text", "")) for part in block.get("content", []))
        for block in document.get("content", [])
    )


@service.on("GET", HOST, API + "/issue/{issue}", token=False)
def get(world: World, request: Request) -> Answer:
    if answer := _refused(world, request):
        return answer
    row = _issue(world, request)
    if row is None:
        return _wrong(404, "Issue does not exist or you do not have permission to see it.")
    return Answer(200, {**_shown(row), "fields": {"status": _status(row)}})


@service.on("GET", HOST, API + "/issue/{issue}/comment", token=False)
def comments(world: World, request: Request) -> Answer:
    if answer := _refused(world, request):
        return answer
    row = _issue(world, request)
    if row is None:
        return _wrong(404, "Issue does not exist or you do not have permission to see it.")
    start, most = int(request.query.get("startat", "0")), min(int(request.query.get("maxresults", "50")), 100)
    known = "properties" in request.query.get("expand", "")
    page = [
        {"id": note["id"], "body": note["body"], **({"properties": note["properties"]} if known else {})}
        for note in row["notes"][start : start + most]
    ]
    return Answer(200, {"startAt": start, "maxResults": most, "total": len(row["notes"]), "comments": page})


@service.on("POST", HOST, API + "/issue/{issue}/comment", token=False)
def comment(world: World, request: Request) -> Answer:
    if answer := _refused(world, request):
        return answer
    row, body = _issue(world, request), request.json
    if row is None:
        return _wrong(404, "Issue does not exist or you do not have permission to see it.")
    if not _is_document(body.get("body")):
        return _wrong(400, comment="Comment body is not valid!")
    note = {
        "id": str(20000 + len(row["notes"])),
        "text": _plain(body["body"]),
        "body": body["body"],
        "properties": body.get("properties", []),
    }
    row["notes"] = [*row["notes"], note]
    desk.keep(world, row)
    return Answer(201, {"id": note["id"], "body": note["body"]})


@service.on("GET", HOST, API + "/issue/{issue}/transitions", token=False)
def transitions(world: World, request: Request) -> Answer:
    if answer := _refused(world, request):
        return answer
    if _issue(world, request) is None:
        return _wrong(404, "Issue does not exist or you do not have permission to see it.")
    shown = [
        {"id": number, "name": name, "to": {"name": name, "statusCategory": {"key": category}}}
        for number, (name, category) in _STATES.items()
    ]
    return Answer(200, {"transitions": shown})


@service.on("POST", HOST, API + "/issue/{issue}/transitions", token=False)
def transition(world: World, request: Request) -> Answer:
    if answer := _refused(world, request):
        return answer
    row, wanted = _issue(world, request), str((request.json.get("transition") or {}).get("id"))
    if row is None:
        return _wrong(404, "Issue does not exist or you do not have permission to see it.")
    if wanted not in _STATES:
        return _wrong(400, f"Transition id '{wanted}' is not valid for this issue.")
    row["state"], row["closed"] = wanted, _STATES[wanted][1] == "done"
    desk.keep(world, row)
    return Answer(204)
