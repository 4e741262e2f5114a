"""Network security groups and their rules, and what they let through to the environments behind them."""

from infra.local.azure import durations
from infra.local.azure.core.envelope import shaped
from infra.local.azure.core.errors import ArmError, OperationFailed, not_found
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.operations import accepted
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World, region_name
from infra.local.azure.services.generic import GROUP, canonical
from infra.local.azure.services.security import facts

TYPE = "Microsoft.Network/networkSecurityGroups"
RULE = GROUP + "/providers/" + TYPE + "/{nsg}/securityRules/{rule}"
ENVIRONMENT = "Microsoft.App/managedEnvironments"
SHAPE = {
    "direction": str,
    "access": str,
    "priority": int,
    "protocol": str,
    "sourceAddressPrefix": str,
    "destinationAddressPrefix": str,
    "sourcePortRange": str,
    "destinationPortRange": str,
}
service = Service("network_security_groups")


@service.seed
def plant(world: World) -> None:
    """Put a group before each environment of the sample estate."""
    for row in facts.network_security_groups():
        world.put_resource(row)
    for environment in world.of_type(ENVIRONMENT):
        region = region_name(environment["location"])
        group = environment["id"].split("/")[4]
        inside = {"infrastructureSubnetId": facts.subnet_id(group, region)}
        properties = {**environment["properties"], "vnetConfiguration": inside}
        world.put_resource({**environment, "properties": properties})


def allows(world: World, environment: Json, direction: str, peer: str = "Internet") -> bool:
    """Whether the group before an environment's subnet lets traffic through; `peer` is a service tag."""
    inside = (environment["properties"].get("vnetConfiguration") or {}).get("infrastructureSubnetId", "")
    for group in world.of_type(TYPE):
        if inside.lower() in {one["id"].lower() for one in group["properties"].get("subnets") or []}:
            return _allows(group["properties"]["securityRules"], direction, peer)
    return True


def _allows(rules: list[Json], direction: str, peer: str) -> bool:
    side = "sourceAddressPrefix" if direction == "Inbound" else "destinationAddressPrefix"
    # Internet is every public address, those of Azure's services too.
    named = {"*", "internet", peer.lower()}
    effective = [
        one["properties"]
        for one in rules
        if one["properties"]["direction"] == direction
        and one["properties"]["provisioningState"] in {"Succeeded", "Deleting"}
        and str(one["properties"].get(side, "*")).lower() in named
    ]
    first = min(effective, key=lambda one: one["priority"], default=None)
    # The default rules at the end: nothing comes in from the Internet, everything goes out.
    return direction == "Outbound" if first is None else first["access"] == "Allow"


def _group(world: World, request: Request) -> Json:
    return world.resource(canonical(request.path).rsplit("/", 2)[0])


@service.arm("GET", RULE)
def get(world: World, request: Request) -> Answer:
    for one in _group(world, request)["properties"]["securityRules"]:
        if one["name"].lower() == request.params["rule"].lower():
            return Answer(200, one)
    raise not_found(request.path)


@service.arm("PUT", RULE, survives_outage=True)
def put(world: World, request: Request) -> Answer:
    """Begin to set a rule; it holds when its provisioning has succeeded."""
    group, name = _group(world, request), request.params["rule"]
    properties = request.json.get("properties") or {}
    _check(group, name, properties)
    rule_id = f"{group['id']}/securityRules/{name}"
    row: Json = {
        "id": rule_id,
        "name": name,
        "type": f"{TYPE}/securityRules",
        "properties": {**properties, "provisioningState": "Updating"},
    }
    others = [one for one in group["properties"]["securityRules"] if one["name"].lower() != name.lower()]
    _keep(world, group, [*others, row])
    seconds = durations.SECURITY_RULE
    operation = world.operations.begin(rule_id, "network.rule", {"rule": rule_id}, seconds=seconds)
    new = len(others) == len(group["properties"]["securityRules"])
    return accepted(request, operation, status=201 if new else 200, body=row)


def _check(group: Json, name: str, properties: Json) -> None:
    shaped(properties, SHAPE)
    priority = properties.get("priority")
    if not isinstance(priority, int) or not 100 <= priority <= 4096:
        message = f"Security rule has invalid priority. Value must be between 100 and 4096: {priority}."
        raise ArmError(400, "SecurityRuleInvalidPriority", message)
    for field, known in (("direction", {"Inbound", "Outbound"}), ("access", {"Allow", "Deny"})):
        if properties.get(field) not in known:
            message = f"Security rule parameter {field} has the invalid value '{properties.get(field)}'."
            raise ArmError(400, "SecurityRuleInvalidParameter", message)
    for one in group["properties"]["securityRules"]:
        about = one["properties"]
        same = (about["priority"], about["direction"]) == (priority, properties["direction"])
        if same and one["name"].lower() != name.lower():
            message = (
                f"Security rule {name} conflicts with rule {one['name']}. Rules cannot have the same "
                "Priority and Direction. To learn more, see http://aka.ms/nsgrules."
            )
            raise ArmError(400, "SecurityRuleConflict", message)


@service.arm("DELETE", RULE, survives_outage=True)
def delete(world: World, request: Request) -> Answer:
    """Begin to take a rule away; it holds until that is done."""
    group, name = _group(world, request), request.params["rule"].lower()
    found = next((one for one in group["properties"]["securityRules"] if one["name"].lower() == name), None)
    if found is None:
        return Answer(204)
    _mark(world, found["id"], "Deleting")
    operation = world.operations.begin(
        found["id"], "network.rule_gone", {"rule": found["id"]}, seconds=durations.SECURITY_RULE
    )
    return accepted(request, operation)


@service.effect("network.rule")
def done(world: World, args: Json) -> None:
    _mark(world, args["rule"], "Succeeded")


@service.effect("network.rule_gone")
def gone(world: World, args: Json) -> None:
    group = world.resource(args["rule"].rsplit("/", 2)[0])
    left = [one for one in group["properties"]["securityRules"] if one["id"] != args["rule"]]
    _keep(world, group, left)


@service.failure("network.rule")
@service.failure("network.rule_gone")
def failed(world: World, args: Json) -> None:
    _mark(world, args["rule"], "Failed")


def _mark(world: World, rule_id: str, state: str) -> None:
    group = world.resources.get(rule_id.rsplit("/", 2)[0])
    if group is None:
        raise OperationFailed("NotFound", "The network security group is gone.")
    rules = [
        {**one, "properties": {**one["properties"], "provisioningState": state}}
        if one["id"].lower() == rule_id.lower()
        else one
        for one in group["properties"]["securityRules"]
    ]
    _keep(world, group, rules)


def _keep(world: World, group: Json, rules: list[Json]) -> None:
    world.put_resource({**group, "properties": {**group["properties"], "securityRules": rules}})
