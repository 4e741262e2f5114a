"""Azure DevOps' work item tracking: WIQL, work items by JSON Patch, comments, states of a type."""

import re

from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.desks import desk

HOST, SYSTEM, PROJECT = "dev.azure.com", "azure_devops", "Operations"
WIT = "/{organization}/{project}/_apis/wit"
_WIQL = re.compile(
    r"SELECT \[System\.Id\] FROM WorkItems WHERE \[System\.TeamProject\] = @project"
    r" AND \[System\.Tags\] CONTAINS '([^']+)' ORDER BY \[System\.Id\]"
)
# The Basic process.
_STATES = {"To Do": "Proposed", "Doing": "InProgress", "Done": "Completed"}
service = Service("azure devops")


def _refused(world: World, request: Request) -> Answer | None:
    if answer := desk.unavailable(world, request, desk.TICKETS_DOWN):
        return answer
    if not desk.signed_in(request, "", "tickets-azure-devops"):
        return Answer(401, "<html>Access Denied: The Personal Access Token used has expired.</html>")
    if request.params["project"].lower() != PROJECT.lower():
        return _wrong(404, f"TF200016: The following project does not exist: {request.params['project']}.")
    if "api-version" not in request.query:
        return _wrong(400, "No api-version was supplied for the request.")
    return None


def _wrong(status: int, message: str) -> Answer:
    return Answer(status, {"message": message, "typeKey": "RuleValidationException", "errorCode": 0})


def _missing(number: str) -> Answer:
    return _wrong(
        404, f"TF401232: Work item {number} does not exist, or you do not have permissions to read it."
    )


def _shown(row: Json) -> Json:
    where = f"https://{HOST}/contoso/{PROJECT}/_apis/wit/workItems/{row['id']}"
    return {
        "id": int(row["id"]),
        "rev": row["rev"],
        "fields": {**row["fields"], "System.State": row["state"]},
        "_links": {"html": {"href": f"https://{HOST}/contoso/{PROJECT}/_workitems/edit/{row['id']}"}},
        "url": where,
    }


@service.on("POST", HOST, f"{WIT}/wiql", token=False, reads=True)
def wiql(world: World, request: Request) -> Answer:
    if answer := _refused(world, request):
        return answer
    found = _WIQL.fullmatch(str(request.json.get("query")))
    if found is None:
        return _wrong(400, "TF51006: The query statement is missing a clause or is not understood.")
    rows = [
        row for row in desk.tickets(world, SYSTEM) if found[1].lower() in row["fields"]["System.Tags"].lower()
    ]
    most = int(request.query.get("$top", "20000"))
    items = [{"id": int(row["id"]), "url": _shown(row)["url"]} for row in rows[:most]]
    return Answer(200, {"queryType": "flat", "workItems": items})


def _patched(request: Request) -> Json | Answer:
    """Return the fields that a JSON Patch sets, or why not."""
    if not request.headers.get("content-type", "").startswith("application/json-patch+json"):
        return _wrong(415, "TF400898: The media type is not supported; use application/json-patch+json.")
    operations = request.any_json()
    if not isinstance(operations, list) or not operations:
        return _wrong(400, "You must pass a valid patch document in the body of the request.")
    fields: Json = {}
    for one in operations:
        path = str(one.get("path", ""))
        if one.get("op") != "add" or not path.startswith("/fields/"):
            return _wrong(400, f"TF401320: Rule Error for field {path}.")
        fields[path.removeprefix("/fields/")] = one.get("value")
    if fields.get("System.State", "Done") not in _STATES:
        return _wrong(
            400, f"The field 'State' contains the value '{fields['System.State']}' that is not supported."
        )
    return fields


@service.on("POST", HOST, f"{WIT}/workitems/${{type}}", token=False)
def create(world: World, request: Request) -> Answer:
    if answer := _refused(world, request):
        return answer
    fields = _patched(request)
    if isinstance(fields, Answer):
        return fields
    title = str(fields.get("System.Title") or "")
    if not title or len(title) > 255:
        return _wrong(
            400, "TF401320: Rule Error for field Title. Error code: Required, InvalidEmpty or TooLong."
        )
    tags = str(fields.get("System.Tags", ""))
    number = str(101 + desk.count(world, SYSTEM))
    row = desk.keep(
        world,
        {
            "system": SYSTEM,
            "number": number,
            "id": number,
            "key": next((one for one in tags.split("; ") if one != "foundry-ops"), ""),
            "title": title,
            "text": str(fields.get("System.Description", "")),
            "state": "To Do",
            "closed": False,
            "notes": [],
            "fields": {"System.WorkItemType": request.params["type"], **fields, "System.Tags": tags},
            "rev": 1,
        },
    )
    return Answer(200, _shown(row))


@service.on("GET", HOST, f"{WIT}/workitems/{{id}}", token=False)
def get(world: World, request: Request) -> Answer:
    if answer := _refused(world, request):
        return answer
    row = desk.ticket(world, SYSTEM, request.params["id"])
    return Answer(200, _shown(row)) if row else _missing(request.params["id"])


@service.on("PATCH", HOST, f"{WIT}/workitems/{{id}}", token=False)
def update(world: World, request: Request) -> Answer:
    if answer := _refused(world, request):
        return answer
    row, fields = desk.ticket(world, SYSTEM, request.params["id"]), _patched(request)
    if row is None:
        return _missing(request.params["id"])
    if isinstance(fields, Answer):
        return fields
    if said := fields.pop("System.History", ""):
        row["notes"] = [*row["notes"], {"text": said}]
    row["state"] = fields.pop("System.State", row["state"])
    row["closed"] = _STATES[row["state"]] == "Completed"
    row["fields"], row["rev"] = {**row["fields"], **fields}, row["rev"] + 1
    return Answer(200, _shown(desk.keep(world, row)))


@service.on("GET", HOST, f"{WIT}/workItems/{{id}}/comments", token=False)
def comments(world: World, request: Request) -> Answer:
    if answer := _refused(world, request):
        return answer
    row = desk.ticket(world, SYSTEM, request.params["id"])
    if row is None:
        return _missing(request.params["id"])
    shown = [{"id": number, "text": note["text"]} for number, note in enumerate(row["notes"], 1)]
    return Answer(200, {"totalCount": len(shown), "count": len(shown), "comments": shown})


@service.on("POST", HOST, f"{WIT}/workItems/{{id}}/comments", token=False)
def comment(world: World, request: Request) -> Answer:
    if answer := _refused(world, request):
        return answer
    row, text = desk.ticket(world, SYSTEM, request.params["id"]), str(request.json.get("text") or "")
    if row is None:
        return _missing(request.params["id"])
    if not text:
        return _wrong(400, "The comment text may not be empty.")
    row["notes"] = [*row["notes"], {"text": text}]
    desk.keep(world, row)
    return Answer(200, {"id": len(row["notes"]), "text": text})


@service.on("GET", HOST, f"{WIT}/workitemtypes/{{type}}/states", token=False)
def states(world: World, request: Request) -> Answer:
    if answer := _refused(world, request):
        return answer
    shown = [{"name": name, "category": category} for name, category in _STATES.items()]
    return Answer(200, {"count": len(shown), "value": shown})
