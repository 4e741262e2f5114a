"""Puts a world together: services, estate, clock, state file."""

import json
import re
from pathlib import Path

from infra.local.azure import contoso, landing_zone
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

    `estate`: a JSON file `{"resources": [...]}` of ARM documents, put beside or instead of the sample's; or
    an estate file of the app (YAML), whose resources must then be those of the sample: ValueError otherwise.
    """

    def plant(world: World) -> None:
        for region, about in contoso.REGIONS.items():
            world.table("region").put(region, about)
        more = _documents(estate) if estate and estate.suffix == ".json" else []
        sample = [*contoso.resources(world.now), *landing_zone.resources(world.now)]
        for resource in [*sample, *more]:
            world.put_resource(resource)
        if estate and estate.suffix != ".json":
            _require(world, estate)

    return World(SERVICES, path=state, clock=clock, speed=speed, seed=seed, seeding=plant)


def _require(world: World, estate: Path) -> None:
    text = estate.read_text(encoding="utf-8")
    named = set(re.findall(r"_id:\s*(/subscriptions/\S+)", text))
    if missing := sorted(one for one in named if world.resources.peek(one) is None):
        # The recovery region's apps are deployed by a recovery: only what holds them must be there.
        missing = [one for one in missing if "/containerApps/" not in one]
    if missing:
        raise ValueError(f"{estate}: this world has no {', '.join(missing)}: give a .json file with them")


def _documents(estate: Path) -> list[Json]:
    return json.loads(estate.read_text(encoding="utf-8"))["resources"]
