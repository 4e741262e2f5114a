"""Compares what a template asks for with what is there, and says what would change."""

from typing import Any

from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.deployments.template import Plan
from infra.local.azure.services.generic import type_and_name

# What services write and templates do not: its absence from a template changes nothing.
SERVER_MADE = {
    "provisioningState",
    "fqdn",
    "latestRevisionName",
    "latestReadyRevisionName",
    "latestRevisionFqdn",
    "runningStatus",
    "endpointMonitorStatus",
    "etag",
    "systemData",
}
IDENTITY = {"id", "name", "type"}


def changes(world: World, plan: Plan, group_id: str) -> list[Json]:
    """Return a change for each wanted resource, and Ignore for the group's others, as Incremental does."""
    found: list[Json] = []
    for wanted in plan.resources:
        before = world.resources.peek(wanted.resource_id)
        kind, name = type_and_name(wanted.resource_id)
        after = {**wanted.body, "id": wanted.resource_id, "name": name, "type": kind}
        if before is None:
            found.append({"resourceId": wanted.resource_id, "changeType": "Create", "after": after})
            continue
        delta = _delta(
            {key: value for key, value in before.items() if key not in IDENTITY},
            {key: value for key, value in after.items() if key not in IDENTITY},
            "",
        )
        change: Json = {"resourceId": before["id"], "before": before, "after": after}
        change["changeType"] = "Modify" if delta else "NoChange"
        if delta:
            change["delta"] = delta
        found.append(change)
    named = {one["resourceId"].lower() for one in found}
    for key, row in world.resources.rows(group_id + "/providers/"):
        if key not in named and "location" in row and row["type"].count("/") == 1:
            found.append({"resourceId": row["id"], "changeType": "Ignore", "before": row, "after": row})
    return found


def _delta(before: Json, after: Json, path: str) -> list[Json]:
    found: list[Json] = []
    for key in sorted({*before, *after}):
        place = f"{path}.{key}" if path else key
        if key not in after:
            # Left out by the template: only settings below properties would be taken away by the PUT.
            if key not in SERVER_MADE and path.startswith("properties."):
                found.append(_change(place, "Delete", before[key], None))
        elif key not in before:
            found.append(_change(place, "Create", None, after[key]))
        elif isinstance(before[key], dict) and isinstance(after[key], dict):
            found += _delta(before[key], after[key], place)
        elif before[key] != after[key]:
            found.append(_change(place, "Modify", before[key], after[key]))
    return found


def _change(path: str, kind: str, before: Any, after: Any) -> Json:  # noqa: ANN401 - JSON of any shape
    return {"path": path, "propertyChangeType": kind, "before": before, "after": after, "children": None}
