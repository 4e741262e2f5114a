"""The calls of Microsoft.Network/trafficManagerProfiles, and the probes behind the monitor status."""

from infra.local.azure import durations
from infra.local.azure.core.envelope import shaped
from infra.local.azure.core.errors import ArmError, not_found
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.apps_reached import answers_health
from infra.local.azure.services.generic import GROUP, SUBSCRIPTION, canonical, group_of, merged
from infra.local.azure.services.network import balancing

PROVIDER = "/providers/Microsoft.Network/trafficManagerProfiles"
PROFILE = GROUP + PROVIDER + "/{profile}"
ENDPOINT = PROFILE + "/{kind}/{endpoint}"
KINDS = {"azureendpoints": "azureEndpoints", "externalendpoints": "externalEndpoints"}
ENDPOINT_SHAPE = {"target": str, "endpointStatus": str, "priority": int, "alwaysServe": str}
PROFILE_SHAPE = {
    "profileStatus": str,
    "trafficRoutingMethod": str,
    "dnsConfig": {"relativeName": str, "ttl": int},
    "monitorConfig": {"toleratedNumberOfFailures": int},
    "endpoints": [{"name": str, "type": str, "properties": ENDPOINT_SHAPE}],
}
service = Service("traffic_manager")


@service.every(durations.PROBE_INTERVAL)
def probe(world: World) -> None:
    """Ask every enabled endpoint for its health; more failures in a row than tolerated make it Degraded."""
    for profile in world.of_type(balancing.PROFILE):
        monitor = profile["properties"].get("monitorConfig") or {}
        tolerated = int(monitor.get("toleratedNumberOfFailures") or 3)
        for endpoint in balancing.endpoints(world, profile):
            if balancing.monitor_status(world, profile, endpoint) in {"Disabled", "Inactive"}:
                continue
            kept = world.table("probe").get(endpoint["id"]) or {"status": "CheckingEndpoint", "failures": 0}
            if answers_health(world, endpoint["properties"]["target"]):
                now: Json = {"status": "Online", "failures": 0}
            else:
                failures = kept["failures"] + 1
                first = kept["status"] == "CheckingEndpoint"
                degraded = first or kept["status"] == "Degraded" or failures > tolerated
                now = {"status": "Degraded" if degraded else "Online", "failures": failures}
            if now != kept:
                world.table("probe").put(endpoint["id"], now)


def _profile(world: World, request: Request) -> Json:
    group = group_of(world, request)
    return world.resource(f"{group['id']}{PROVIDER}/{request.params['profile']}")


def _shown_endpoint(world: World, profile: Json, endpoint: Json) -> Json:
    status = balancing.monitor_status(world, profile, endpoint)
    properties = {key: value for key, value in endpoint["properties"].items() if key != "provisioningState"}
    return {**endpoint, "properties": {**properties, "endpointMonitorStatus": status}}


def _shown(world: World, profile: Json) -> Json:
    properties = {key: value for key, value in profile["properties"].items() if key != "provisioningState"}
    monitor = {**(properties.get("monitorConfig") or {})}
    monitor["profileMonitorStatus"] = balancing.profile_status(world, profile)
    below = [_shown_endpoint(world, profile, one) for one in balancing.endpoints(world, profile)]
    return {**profile, "properties": {**properties, "monitorConfig": monitor, "endpoints": below}}


@service.arm("GET", SUBSCRIPTION + PROVIDER)
@service.arm("GET", GROUP + PROVIDER)
def list_profiles(world: World, request: Request) -> Answer:
    scope = request.path.lower().split("/providers/")[0] + "/"
    return Answer(200, {"value": [_shown(world, one) for one in world.of_type(balancing.PROFILE, scope)]})


@service.arm("GET", PROFILE)
def get(world: World, request: Request) -> Answer:
    return Answer(200, _shown(world, _profile(world, request)))


@service.arm("PATCH", PROFILE)
def patch(world: World, request: Request) -> Answer:
    return Answer(200, _put_profile(world, merged(_profile(world, request), request.json)))


@service.arm("PUT", PROFILE)
def put(world: World, request: Request) -> Answer:
    group = group_of(world, request)
    profile_id = f"{group['id']}{PROVIDER}/{request.params['profile']}"
    new = world.resources.peek(profile_id) is None
    identity = {"id": profile_id, "name": request.params["profile"], "type": balancing.PROFILE}
    return Answer(201 if new else 200, _put_profile(world, {**request.json, **identity}))


def _put_profile(world: World, body: Json) -> Json:
    """Keep a profile; endpoints in its body replace the ones that it has, as in Azure."""
    shaped(body.get("properties"), PROFILE_SHAPE)
    properties = dict(body.get("properties") or {})
    method = properties.get("trafficRoutingMethod")
    if method not in {"Priority", "Weighted", "Performance", "Geographic", "MultiValue", "Subnet"}:
        raise ArmError(400, "BadRequest", f"The trafficRoutingMethod '{method}' is not valid.")
    below = properties.pop("endpoints", None)
    relative = (properties.get("dnsConfig") or {}).get("relativeName") or body["name"]
    properties["dnsConfig"] = {
        "ttl": int(durations.DNS_TTL),
        **{key: value for key, value in (properties.get("dnsConfig") or {}).items() if value is not None},
        "relativeName": relative,
        "fqdn": f"{relative}.trafficmanager.net",
    }
    profile = world.put_resource({**body, "properties": properties})
    if below is not None:
        for endpoint in balancing.endpoints(world, profile):
            world.resources.delete(endpoint["id"])
        for endpoint in below:
            kind = KINDS.get(str(endpoint.get("type", "")).split("/")[-1].lower(), "externalEndpoints")
            _put_endpoint(
                world, profile, kind, str(endpoint.get("name") or ""), endpoint.get("properties") or {}
            )
    return _shown(world, profile)


def _endpoint_id(request: Request, profile: Json) -> tuple[str, str]:
    kind = KINDS.get(request.params["kind"].lower())
    if kind is None:
        raise not_found(request.path)
    return kind, f"{profile['id']}/{kind}/{request.params['endpoint']}"


@service.arm("GET", ENDPOINT)
def get_endpoint(world: World, request: Request) -> Answer:
    profile = _profile(world, request)
    return Answer(200, _shown_endpoint(world, profile, world.resource(_endpoint_id(request, profile)[1])))


@service.arm("PUT", ENDPOINT)
@service.arm("PATCH", ENDPOINT)
def change_endpoint(world: World, request: Request) -> Answer:
    """Change at once, without an operation: the next DNS answer already follows it."""
    profile = _profile(world, request)
    kind, endpoint_id = _endpoint_id(request, profile)
    kept = world.resources.get(endpoint_id)
    change = request.json.get("properties") or {}
    if request.method == "PATCH":
        change = merged(world.resource(endpoint_id)["properties"], change)
    _put_endpoint(world, profile, kind, request.params["endpoint"], change)
    shown = _shown_endpoint(world, profile, world.resource(endpoint_id))
    return Answer(201 if kept is None else 200, shown)


def _put_endpoint(world: World, profile: Json, kind: str, name: str, properties: Json) -> None:
    shaped(properties, ENDPOINT_SHAPE)
    if not name:
        raise ArmError(400, "BadRequest", "An endpoint needs a name.")
    status, priority = properties.setdefault("endpointStatus", "Enabled"), properties.get("priority")
    others = [one for one in balancing.endpoints(world, profile) if one["name"].lower() != name.lower()]
    if status not in {"Enabled", "Disabled"}:
        raise ArmError(400, "BadRequest", f"The endpointStatus '{status}' is not valid.")
    if not properties.get("target"):
        raise ArmError(400, "BadRequest", f"The endpoint '{name}' needs a target.")
    if profile["properties"]["trafficRoutingMethod"] == "Priority":
        if priority is None:
            taken = [int(one["properties"]["priority"]) for one in others]
            priority = properties["priority"] = max(taken, default=0) + 1
        if not isinstance(priority, int) or not 1 <= priority <= 1000:
            raise ArmError(400, "BadRequest", "The endpoint priority must be an integer between 1 and 1000.")
        if any(one["properties"]["priority"] == priority for one in others):
            message = (
                f"The priority {priority} of endpoint '{name}' is used by another endpoint of the profile."
            )
            raise ArmError(400, "BadRequest", message)
    endpoint_id = canonical(f"{profile['id']}/{kind}/{name}")
    kept = world.resources.peek(endpoint_id)
    watched = ("endpointStatus", "target", "alwaysServe")
    if kept is None or any(kept["properties"].get(key) != properties.get(key) for key in watched):
        world.table("probe").delete(endpoint_id)
    world.put_resource(
        {"id": endpoint_id, "name": name, "type": f"{balancing.PROFILE}/{kind}", "properties": properties}
    )


@service.arm("DELETE", ENDPOINT)
def delete_endpoint(world: World, request: Request) -> Answer:
    _, endpoint_id = _endpoint_id(request, _profile(world, request))
    if world.resources.peek(endpoint_id) is None:
        return Answer(204)
    world.resources.delete(endpoint_id)
    return Answer(200)
