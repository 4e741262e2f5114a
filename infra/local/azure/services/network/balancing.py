"""Which endpoint a Traffic Manager profile hands out, by what its own probes found."""

from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World

PROFILE = "Microsoft.Network/trafficManagerProfiles"
SERVING = {"Online", "CheckingEndpoint", "Unmonitored"}


def profile_of(world: World, host: str) -> Json | None:
    """Return the profile whose DNS name that is."""
    for profile in world.of_type(PROFILE):
        if profile["properties"]["dnsConfig"]["fqdn"].lower() == host:
            return profile
    return None


def endpoints(world: World, profile: Json) -> list[Json]:
    """Return the endpoints (read only), most preferred first."""
    kinds = {f"{PROFILE}/{kind}".lower() for kind in ("azureEndpoints", "externalEndpoints")}
    rows = [row for _, row in world.resources.rows(profile["id"] + "/") if row["type"].lower() in kinds]
    return sorted(rows, key=lambda row: (row["properties"].get("priority", 1000), row["name"]))


def monitor_status(world: World, profile: Json, endpoint: Json) -> str:
    """Return `endpointMonitorStatus`: what the profile's probes last found."""
    if endpoint["properties"].get("endpointStatus", "Enabled") == "Disabled":
        return "Disabled"
    if profile["properties"].get("profileStatus") == "Disabled":
        return "Inactive"
    if endpoint["properties"].get("alwaysServe") == "Enabled":
        return "Unmonitored"
    return (world.table("probe").peek(endpoint["id"]) or {"status": "CheckingEndpoint"})["status"]


def profile_status(world: World, profile: Json) -> str:
    """Return `profileMonitorStatus`, made of those of the endpoints as Azure makes it."""
    if profile["properties"].get("profileStatus") == "Disabled":
        return "Disabled"
    found = [monitor_status(world, profile, endpoint) for endpoint in endpoints(world, profile)]
    for status, shown in (
        ("Degraded", "Degraded"),
        ("Online", "Online"),
        ("CheckingEndpoint", "CheckingEndpoints"),
    ):
        if status in found:
            return shown
    return "Online" if "Unmonitored" in found else "Inactive"


def choose(world: World, profile: Json) -> str | None:
    """Return the target that a DNS query gets now: the first that serves, else the first that is enabled."""
    if profile["properties"].get("profileStatus") == "Disabled":
        return None
    enabled: list[Json] = []
    for endpoint in endpoints(world, profile):
        status = monitor_status(world, profile, endpoint)
        if status in SERVING:
            return endpoint["properties"]["target"].lower()
        if status != "Disabled":
            enabled.append(endpoint)
    # When all are degraded, Traffic Manager answers as if all were healthy rather than not at all.
    return enabled[0]["properties"]["target"].lower() if enabled else None
