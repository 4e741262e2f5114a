"""What an unplanned failover loses of the documents that were written one by one."""

from infra.local.azure.core.clock import iso
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World

ROWS = "cosmos document"


def lose_unsynced(world: World, account: Json, reached: Json | None) -> list[Json]:
    """Drop the versions that had not reached the other region; returns which, and when they had been written."""
    if reached is None:
        return []
    lost: list[Json] = []
    for key, row in list(world.table(ROWS).rows(f"{account['name']}/")):
        newer = [version for version in row["versions"] if version["at"] > reached["at"]]
        if not newer:
            continue
        lost += [{"id": row["id"], "at": iso(version["at"])} for version in newer]
        versions = [version for version in row["versions"] if version["at"] <= reached["at"]]
        if versions:
            world.table(ROWS).put(key, {**row, "versions": versions})
        else:
            world.table(ROWS).delete(key)
    return lost
