"""What breaks the landing zone, and what must truly hold when it is back: for drills and tests of its plans.

Each fault takes whatever injects faults: `world.faults.inject`, or a function that posts to `/_sim/faults`. Each check
reads what `GET /_sim/world` answers, and returns problems: nothing when all is well.
"""

from typing import Any, Protocol

PRIMARY, STANDBY = "aml-prod-eus2-ai-01", "aml-prod-wus2-ai-01"
REGION, AWAY = "eastus2", "westus2"

type Truth = dict[str, Any]


class Breakable(Protocol):
    """Something that injects a fault."""

    def __call__(self, kind: str, target: str, **details: Any) -> Any: ...  # noqa: ANN401 - each answers in its way


def take_region_away(fault: Breakable) -> None:
    """The primary region of the landing zone goes out."""
    fault("region_outage", REGION)


def lose_workspace(fault: Breakable) -> None:
    """Somebody deletes the primary workspace."""
    fault("workspace_deleted", PRIMARY)


def problems_after_activation(truth: Truth) -> list[str]:
    """What keeps the landing zone from being served from its standby region; nothing when it truly is."""
    zone = truth["landing_zone"]
    inference, workspace = zone["inference"], zone["workspaces"][STANDBY]
    found: list[str] = []
    if not inference["healthy"]:
        found.append(f"inference fails: {inference['reason']}")
    if inference["served_by"] != AWAY:
        found.append(f"inference is served by {inference['served_by']}")
    if not workspace["runs_jobs"]:
        found.append(f"{STANDBY} runs no jobs: {workspace['reason']}")
    if "Completed" not in workspace["jobs"].values():
        found.append(f"no job of {STANDBY} is completed: {workspace['jobs']}")
    lake = next(row for key, row in truth["resources"].items() if key.endswith("/stprodeus2aidatalake"))
    if lake["properties"]["primaryLocation"] == REGION:
        found.append("the data lake still has its primary there")
    return found


def problems_after_restore(truth: Truth) -> list[str]:
    """What keeps the primary workspace from being back; nothing when it truly is."""
    workspace = truth["landing_zone"]["workspaces"][PRIMARY]
    if not workspace["runs_jobs"]:
        return [f"{PRIMARY} runs no jobs: {workspace['reason']}"]
    if "Completed" not in workspace["jobs"].values():
        return [f"no job of {PRIMARY} is completed: {workspace['jobs']}"]
    return []


def damage_lake(fault: Breakable, how: str = "deleted") -> None:
    """A bad script deletes or overwrites the curated data, or deletes its container."""
    fault("lake_damaged", "curated/customer-data", details={"how": how})


def problems_after_blob_recovery(truth: Truth) -> list[str]:
    """What keeps the training data from being what it was; nothing when all of it is."""
    data = truth["landing_zone"]["data"]
    return [f"{what}: {', '.join(data[what])}" for what in ("missing", "changed") if data[what]]
