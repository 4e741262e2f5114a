"""What is in a Cosmos DB account, region by region: documents, sequence numbers, and what a failover lost."""

from infra.local.azure import contoso, durations
from infra.local.azure.core.clock import iso
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.cosmos import losses, regions

service = Service("cosmos_data")


@service.seed
def plant(world: World) -> None:
    for account in world.of_type(regions.ACCOUNT):
        documents = {name: count for name, (count, _, _) in contoso.CONTAINERS.items()}
        sequence = sum(documents.values())
        state: Json = {"sequence": sequence, "at": world.now}
        world.table("cosmos").put(
            account["name"],
            {
                "documents": documents,
                "sequence": sequence,
                "replicas": dict.fromkeys(regions.order(account), state),
                "trail": [],
                "offline": [],
                "losses": [],
            },
        )


def state(world: World, account: Json) -> Json:
    """Return what the account holds, free to be changed and put back."""
    found = world.table("cosmos").get(account["name"])
    if found is not None:
        return found
    return {"documents": {}, "sequence": 0, "replicas": {}, "trail": [], "offline": [], "losses": []}


def written(world: World, account: Json, requests: int) -> None:
    """Add what tenants' requests write: a message each, now and then a run."""
    kept = state(world, account)
    before = kept["sequence"]
    kept["sequence"] += requests
    runs = kept["sequence"] // 10 - before // 10
    for container, count in (("messages", requests - runs), ("runs", runs)):
        kept["documents"][container] = kept["documents"].get(container, 0) + count
    world.table("cosmos").put(account["name"], kept)


@service.every(1)
def replicate(world: World) -> None:
    """Bring every region that is connected to the state of the write region a little while ago."""
    for account in world.of_type(regions.ACCOUNT):
        kept = state(world, account)
        writer = regions.write_region(account)
        if not world.region_up(writer):
            continue
        kept["trail"] = [*kept["trail"], [world.now, kept["sequence"]]][-60:]
        seen = [
            (at, sequence)
            for at, sequence in kept["trail"]
            if at <= world.now - durations.COSMOS_REPLICATION_LAG
        ]
        kept["replicas"][writer] = {"sequence": kept["sequence"], "at": world.now}
        kept["trail"] = [one for one in kept["trail"] if not seen or one[0] >= seen[-1][0]]
        for region in regions.order(account)[1:]:
            if seen and region not in kept["offline"] and world.region_up(region):
                kept["replicas"][region] = {"sequence": seen[-1][1], "at": seen[-1][0]}
        world.table("cosmos").put(account["name"], kept)


def fail_over(world: World, account: Json, target: str, *, planned: bool) -> None:
    """Let another region write: planned, with all of the data; else with what had reached it."""
    kept = state(world, account)
    reached = kept["replicas"].get(target, {"sequence": kept["sequence"]})["sequence"]
    lost = 0 if planned else kept["sequence"] - reached
    if not planned and (rows := losses.lose_unsynced(world, account, kept["replicas"].get(target))):
        kept["losses"].append({"at": iso(world.now), "to": target, "written_documents": rows})
    if lost:
        kept["documents"]["messages"] = max(0, kept["documents"].get("messages", 0) - lost)
        kept["sequence"] = reached
        source = regions.write_region(account)
        kept["losses"].append({"at": iso(world.now), "from": source, "to": target, "documents": lost})
    kept["replicas"][target] = {"sequence": kept["sequence"], "at": world.now}
    kept["trail"] = []
    world.table("cosmos").put(account["name"], kept)


def _present(world: World, account: str, documents: dict[str, int]) -> dict[str, int]:
    """Return how many documents there are: a restored container has numbers that nothing stands for."""
    states = {name: world.table("cosmos content").peek(f"{account}/{name}") for name in documents}
    return {
        name: count - sum(last - first + 1 for first, last in (states[name] or {"holes": []})["holes"])
        for name, count in documents.items()
    }


@service.truth("cosmos")
def truth(world: World) -> object:
    """Tell for each account which region writes, what is in it, how far regions are behind, what was lost."""
    told: Json = {}
    for account in world.of_type(regions.ACCOUNT):
        kept = state(world, account)
        told[account["name"]] = {
            "write_region": regions.write_region(account),
            "offline": kept["offline"],
            "documents": _present(world, account["name"], kept["documents"]),
            "sequence": kept["sequence"],
            "replicas": {
                region: {**one, "behind": kept["sequence"] - one["sequence"]}
                for region, one in kept["replicas"].items()
            },
            "losses": kept["losses"],
        }
    return told
