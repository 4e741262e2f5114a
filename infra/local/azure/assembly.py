"""Puts a world together: services, estate, clock, state file."""

import json
from pathlib import Path

from infra.local.azure import contoso
from infra.local.azure.core.clock import Clock
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services import SERVICES


def open_world(
    state: Path | None = None,
    *,
    estate: Path | None = None,
    clock: Clock | None = None,
    speed: float = 1.0,
    seed: int = 0,
) -> World:
    """Open a world: from its state file when that has one, else new from the sample estate.

    `estate`: a JSON file `{"resources": [...]}` of ARM documents, put beside or instead of the sample's.
    """

    def plant(world: World) -> None:
        for region, about in contoso.REGIONS.items():
            world.table("region").put(region, about)
        for resource in [*contoso.resources(world.now), *(_documents(estate) if estate else [])]:
            world.put_resource(resource)

    return World(SERVICES, path=state, clock=clock, speed=speed, seed=seed, seeding=plant)


def _documents(estate: Path) -> list[Json]:
    return json.loads(estate.read_text(encoding="utf-8"))["resources"]
