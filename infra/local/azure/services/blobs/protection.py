"""What an account's blob service keeps of the past: versions, deleted containers, points to restore to."""

import math

from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World

DAY = 86_400


def settings(world: World, account: Json) -> Json:
    """Return the properties of the account's blob service."""
    found = world.resources.peek(f"{account['id']}/blobServices/default")
    return found["properties"] if found else {}


def restore_days(world: World, account: Json) -> int:
    """For how many days back the account can be restored; 0 where that is not switched on."""
    given = settings(world, account)
    policy = given.get("restorePolicy") or {}
    changes = (given.get("changeFeed") or {}).get("enabled")
    return (
        int(policy.get("days") or 0)
        if policy.get("enabled") and given.get("isVersioningEnabled") and changes
        else 0
    )


def restorable_since(world: World, account: Json) -> float:
    days = restore_days(world, account)
    return world.now - days * DAY if days else math.inf


def container_days(world: World, account: Json) -> int:
    """For how many days deleted containers are kept; 0 where they are not."""
    policy = settings(world, account).get("containerDeleteRetentionPolicy") or {}
    return int(policy.get("days") or 0) if policy.get("enabled") else 0
