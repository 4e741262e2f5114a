"""Regions of a Cosmos DB account: priorities, which one writes, which are offline."""

from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World, region_name

ACCOUNT = "Microsoft.DocumentDB/databaseAccounts"


def policies(account: Json) -> list[Json]:
    """Return the regions by priority; the first is the write region."""
    return sorted(account["properties"]["failoverPolicies"], key=lambda policy: policy["failoverPriority"])


def order(account: Json) -> list[str]:
    return [region_name(policy["locationName"]) for policy in policies(account)]


def write_region(account: Json) -> str:
    return order(account)[0]


def offline(world: World, account: Json) -> set[str]:
    """Return the regions taken offline by an operator, whether or not they are up."""
    return set((world.table("cosmos").peek(account["name"]) or {}).get("offline", []))


def arrange(account: Json, regions: list[str], world: World) -> Json:
    """Return the account with its regions in a new order of priority."""
    named = {region_name(policy["locationName"]): policy["locationName"] for policy in policies(account)}
    shown = {region: named.get(region) or _display(world, region) for region in regions}
    account["properties"]["failoverPolicies"] = [
        {"id": f"{account['name']}-{region}", "locationName": shown[region], "failoverPriority": place}
        for place, region in enumerate(regions)
    ]
    return account


def _display(world: World, region: str) -> str:
    return (world.table("region").peek(region) or {"displayName": region})["displayName"]


def shown(world: World, account: Json) -> Json:
    """Return an account as Azure shows it: with its locations for writing and reading."""
    away = offline(world, account)
    state = account["properties"].get("provisioningState", "Succeeded")
    locations: list[Json] = []
    for place, policy in enumerate(policies(account)):
        region = region_name(policy["locationName"])
        locations.append(
            {
                "id": f"{account['name']}-{region}",
                "locationName": policy["locationName"],
                "documentEndpoint": f"https://{account['name']}-{region}.documents.azure.com:443/",
                "provisioningState": "Offline" if region in away else state,
                "failoverPriority": place,
                "isZoneRedundant": False,
            }
        )
    reading = [one for one in locations if region_name(one["locationName"]) not in away]
    properties = {
        **account["properties"],
        "writeLocations": reading[:1],
        "readLocations": reading,
        "locations": locations,
        "failoverPolicies": policies(account),
    }
    return {**account, "properties": properties}
