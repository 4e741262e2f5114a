"""Microsoft Defender for Cloud: security alerts, and assessments that follow what really runs."""

from infra.local.azure import contoso
from infra.local.azure.core.clock import iso
from infra.local.azure.core.errors import ArmError
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.container_apps import model
from infra.local.azure.services.generic import SUBSCRIPTION
from infra.local.azure.services.security import facts

PROVIDER = "/providers/Microsoft.Security"
ALERT = "{scope*}" + PROVIDER + "/locations/{location}/alerts/{alert}"
ALERTS = "security alert"
PAGE = 5
IMAGES = "c0b7cfc6-3172-465a-b378-53c7ff2cc0d5"
service = Service("defender")


def raise_alert(world: World, kind: str, title: str, resource: str, *, user: str = "") -> str:
    """Raise an alert of high severity about a resource, and return its id."""
    name = f"{int(world.now)}_{world.new_id()}"
    scope = contoso.group_id(contoso.EAST)
    alert_id = f"{scope}{PROVIDER}/locations/japaneast/alerts/{name}"
    about = [{"type": "AzureResource", "azureResourceId": resource}] if resource.startswith("/") else []
    row: Json = {
        "id": alert_id,
        "name": name,
        "type": "Microsoft.Security/Locations/alerts",
        "properties": {
            "alertType": kind,
            "alertDisplayName": title,
            "severity": "High",
            "status": "Active",
            "startTimeUtc": iso(world.now),
            "endTimeUtc": iso(world.now),
            "timeGeneratedUtc": iso(world.now),
            "compromisedEntity": user or resource.rsplit("/", 1)[-1],
            "resourceIdentifiers": about,
            "remediationSteps": ["Revoke the credential, then look for what was done with it."],
        },
    }
    world.table(ALERTS).put(alert_id, row)
    return alert_id


def went_on(world: World, alert_id: str) -> None:
    """What an alert is about goes on: its end moves, and one that was closed opens again."""
    row = world.table(ALERTS).get(alert_id)
    if row is not None:
        row["properties"] |= {"endTimeUtc": iso(world.now), "status": "Active"}
        world.table(ALERTS).put(alert_id, row)


@service.arm("GET", SUBSCRIPTION + PROVIDER + "/alerts")
def alerts(world: World, request: Request) -> Answer:
    """List them page by page."""
    rows = [row for _, row in world.table(ALERTS).rows()]
    token = request.query.get("$skiptoken", "")
    start = int(token) if token.isdigit() else 0
    body: Json = {"value": rows[start : start + PAGE]}
    if start + PAGE < len(rows):
        version = request.query["api-version"]
        where = f"https://{request.host}{request.path}?api-version={version}"
        body["nextLink"] = f"{where}&$skiptoken={start + PAGE}"
    return Answer(200, body)


def _alert(world: World, path: str) -> Json:
    found = world.table(ALERTS).get(path)
    if found is None:
        raise ArmError(404, "ResourceNotFound", f"The alert '{path.rsplit('/', 1)[-1]}' was not found.")
    return found


@service.arm("GET", ALERT)
def get(world: World, request: Request) -> Answer:
    return Answer(200, _alert(world, request.path))


@service.arm("POST", ALERT + "/{state}", survives_outage=True)
def update(world: World, request: Request) -> Answer:
    """Set an alert's state as the last part of the address says."""
    states = {"resolve": "Resolved", "dismiss": "Dismissed", "activate": "Active", "inProgress": "InProgress"}
    state = {name.lower(): one for name, one in states.items()}.get(request.params["state"].lower())
    if state is None:
        raise ArmError(404, "NotFound", f"{request.path} leads nowhere.")
    row = _alert(world, request.path.rsplit("/", 1)[0])
    if row["properties"]["status"] != state:
        row["properties"]["status"] = state
        world.table(ALERTS).put(row["id"], row)
    return Answer(204)


@service.arm("GET", SUBSCRIPTION + PROVIDER + "/assessments")
def assessments(world: World, _request: Request) -> Answer:
    """List what is assessed: whether an app runs an image with a known hole, once that hole is known."""
    return Answer(200, {"value": [_assessment(world, app) for app in world.of_type(model.APP)]})


def _assessment(world: World, app: Json) -> Json:
    known = bool(world.faults.history("leaked_credential"))
    holes = [one["name"] for one in runs_vulnerable(world, app)] if known else []
    status: Json = {"code": "Unhealthy" if holes else "Healthy"}
    if holes:
        status |= {
            "cause": "VulnerableImage",
            "description": f"revision {', '.join(holes)} runs a known hole",
        }
    return {
        "id": f"{app['id']}{PROVIDER}/assessments/{IMAGES}",
        "name": IMAGES,
        "type": "Microsoft.Security/assessments",
        "properties": {
            "displayName": "Containers running in Azure should have vulnerability findings resolved",
            "resourceDetails": {"source": "Azure", "id": app["id"]},
            "status": status,
            "metadata": {"severity": "High"},
        },
    }


def runs_vulnerable(world: World, app: Json) -> list[Json]:
    """Return the active revisions of an app that run the vulnerable image."""
    return [
        revision
        for revision in model.revisions(world, app["id"])
        if revision["properties"]["active"]
        and any(
            facts.VULNERABLE in one.get("image", "")
            for one in revision["properties"]["template"]["containers"]
        )
    ]


@service.truth("security")
def truth(world: World) -> object:
    """Tell the alerts and the assessments as they are."""
    return {
        "alerts": {
            row["name"]: {
                name: row["properties"][name]
                for name in ("alertDisplayName", "severity", "status", "endTimeUtc", "compromisedEntity")
            }
            for _, row in world.table(ALERTS).rows()
        },
        "assessments": {
            app["id"]: _assessment(world, app)["properties"]["status"]["code"]
            for app in world.of_type(model.APP)
        },
    }
