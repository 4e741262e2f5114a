"""The activity log: every write that Azure Resource Manager received, and what an intruder did."""

import re

from infra.local.azure.core.clock import iso
from infra.local.azure.core.errors import ArmError
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.service import ARM_HOST, Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.generic import SUBSCRIPTION

TABLE = "activity"
_FILTER = re.compile(r"eventTimestamp ge '([^']+)'", re.IGNORECASE)
_VERBS = {"PUT": "write", "PATCH": "write", "DELETE": "delete", "POST": "action"}
service = Service("activity_log")


def note(world: World, caller: str, operation: str, resource: str) -> None:
    """Remember something that was done by other ways than a request to this simulator."""
    row = _event(iso(world.now), caller, operation, resource, "Succeeded")
    world.table(TABLE).put(world.new_id(), row)


@service.arm("GET", SUBSCRIPTION + "/providers/Microsoft.Insights/eventtypes/management/values")
def events(world: World, request: Request) -> Answer:
    """List events since a moment; the filter must name one, as Azure demands."""
    found = _FILTER.search(request.query.get("$filter", ""))
    if found is None:
        message = "The $filter must have an eventTimestamp."
        raise ArmError(400, "BadRequest", message)
    rows = [row for _, row in world.table(TABLE).rows()]
    rows += [_of_ledger(entry) for entry in world.ledger() if entry["host"] == ARM_HOST]
    # Both sides are ISO 8601 in UTC, so that texts compare as moments do.
    return Answer(200, {"value": [row for row in rows if row["eventTimestamp"] >= found[1].rstrip("Z")]})


def _of_ledger(entry: Json) -> Json:
    kind = "/".join(entry["path"].rsplit("/providers/", maxsplit=1)[-1].split("/")[:2])
    operation = f"{kind}/{_VERBS.get(entry['method'], 'action')}"
    status = "Succeeded" if (entry["status"] or 500) < 400 else "Failed"
    return _event(entry["at"], "this app", operation, entry["path"], status)


def _event(at: str, caller: str, operation: str, resource: str, status: str) -> Json:
    return {
        "eventTimestamp": at,
        "caller": caller,
        "operationName": {"value": operation, "localizedValue": operation},
        "resourceId": resource,
        "status": {"value": status, "localizedValue": status},
    }
