"""Whether an app with its settings gets search results, and what there really is in every service."""

from collections.abc import Mapping

from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.dependencies import dependency, host_of
from infra.local.azure.services.regional import unreachable
from infra.local.azure.services.search import corpus, documents, runs
from infra.local.azure.services.search.queries import led_to
from infra.local.azure.services.search.service import ALIASES, INDEXERS, INDEXES, TYPE, service


@dependency("search")
def searchable(world: World, settings: Mapping[str, str]) -> str | None:
    """Return why the alias that an app's settings name yields no documents, or None."""
    reason = unreachable(world, TYPE, settings, "SEARCH_ENDPOINT")
    if reason is not None:
        return reason
    search = host_of(settings["SEARCH_ENDPOINT"]).split(".")[0]
    alias = settings.get("SEARCH_ALIAS", "")
    name = led_to(world, search, alias)
    if world.table(INDEXES).peek(f"{search}/{name}") is None:
        return f"no alias or index '{alias}' in {search}"
    return None if documents.count(world, f"{search}/{name}") else f"index '{name}' of {search} is empty"


@service.every(60)
def note(world: World) -> None:
    corpus.mark(world)


@service.truth("search")
def truth(world: World) -> Json:
    told: Json = {}
    for row in world.of_type(TYPE):
        prefix = f"{row['name'].lower()}/"
        told[row["name"]] = {
            "indexes": {
                one["name"]: documents.count(world, key) for key, one in world.table(INDEXES).rows(prefix)
            },
            "aliases": {one["name"]: one["indexes"][0] for _, one in world.table(ALIASES).rows(prefix)},
            "indexers": {
                one["name"]: runs.shown(world, one["runs"][0])["status"] if one["runs"] else "never"
                for _, one in world.table(INDEXERS).rows(prefix)
            },
        }
    return told
