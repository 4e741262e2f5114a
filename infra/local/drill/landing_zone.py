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
    still = ["the data lake still has its primary there"] if _lake(truth) == REGION else []
    return [*_not_served(truth, AWAY, STANDBY), *still]


def problems_after_failback(truth: Truth) -> list[str]:
    """What keeps the landing zone from being served from its own region again; nothing when it truly is."""
    standby = truth["landing_zone"]["workspaces"][STANDBY]
    resting = [f"{STANDBY} still runs jobs, which costs nodes"] if standby["runs_jobs"] else []
    lake = _lake(truth)
    away = [f"the data lake has its primary in {lake}"] if lake != REGION else []
    return [*_not_served(truth, REGION, PRIMARY), *away, *resting]


def problems_after_restore(truth: Truth) -> list[str]:
    """What keeps the primary workspace from being back; nothing when it truly is."""
    return _not_training(truth, PRIMARY)


def _not_served(truth: Truth, region: str, workspace: str) -> list[str]:
    inference, found = truth["landing_zone"]["inference"], list[str]()
    if not inference["healthy"]:
        found.append(f"inference fails: {inference['reason']}")
    if inference["served_by"] != region:
        found.append(f"inference is served by {inference['served_by']}")
    return [*found, *_not_training(truth, workspace)]


def _lake(truth: Truth) -> str:
    """Where the data lake has its primary; its other region is the pair that Azure has given it."""
    found = next(row for key, row in truth["resources"].items() if key.endswith("/stprodeus2aidatalake"))
    return found["properties"]["primaryLocation"]


def _not_training(truth: Truth, name: str) -> list[str]:
    workspace = truth["landing_zone"]["workspaces"][name]
    if not workspace["runs_jobs"]:
        return [f"{name} runs no jobs: {workspace['reason']}"]
    if "Completed" not in workspace["jobs"].values():
        return [f"no job of {name} is completed: {workspace['jobs']}"]
    return []


def damage_lake(fault: Breakable, how: str = "deleted") -> None:
    """A bad script deletes or overwrites the curated data, or deletes its container."""
    fault("lake_damaged", "curated/customer-data", details={"how": how})


def problems_after_blob_recovery(truth: Truth) -> list[str]:
    """What keeps the training data from being what it was; nothing when all of it is."""
    data = truth["landing_zone"]["data"]
    return [f"{what}: {', '.join(data[what])}" for what in ("missing", "changed") if data[what]]
