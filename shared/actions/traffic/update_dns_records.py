"""Leads the tenants to the other region and waits until their resolvers have noticed."""

from shared.actions.action import Call, action
from shared.errors import CheckFailed
from shared.gateways.traffic import Endpoint, Profile
from shared.model.estate import ContainerApp, TrafficRoute
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen


class Params(Frozen):
    """The route, and from where to where. Back again is the same with the regions the other way round."""

    route: TrafficRoute
    app: ContainerApp
    from_region: str
    to_region: str


@action(changes=True)
def update_dns_records(params: Params, call: Call) -> Outcome | Pending:
    """Switches Traffic Manager to the other region's endpoint, if what is there answers as healthy.

    Resolvers are asked just before the switch, so that each holds the old answer for its full time to live, the
    worst case of any tenant; the step is over when every one of them has let go of it.
    """
    route, azure = params.route, call.azure
    profile = azure.traffic.profile(route.resource_id)
    target = app_address(params, call)
    source, goal = endpoint(profile, params.from_region, route), endpoint(profile, params.to_region, route)
    led, _ttl = azure.traffic.cname(route.zone_id, route.dns_name)
    if led.lower() != profile.fqdn.lower():
        raise CheckFailed(
            f"{route.dns_name} leads to {led}, not to {profile.fqdn}: Traffic Manager cannot move it"
        )
    if not (goal.enabled and goal.target.lower() == target and not source.enabled):
        answer = azure.probe(f"https://{target}/health")
        if not answer.healthy:
            raise CheckFailed(f"{target} is not healthy ({answer.status} {answer.detail})", retryable=True)
        for resolver in route.resolvers:
            azure.traffic.resolve(resolver, route.dns_name)
        if not (goal.enabled and goal.target.lower() == target):
            azure.traffic.set_endpoint(profile, goal, enabled=True, target=target)
        if source.enabled:
            azure.traffic.set_endpoint(profile, source, enabled=False)
        return call.waiting_for(
            None, f"{route.dns_name} leads to {params.to_region}; resolvers keep the old answer"
        )
    answers = [azure.traffic.resolve(resolver, route.dns_name) for resolver in route.resolvers]
    if stale := [found.resolver for found in answers if found.target != target]:
        return call.waiting_for(
            None, f"{len(stale)} of {len(answers)} resolvers still lead {route.dns_name} to the old region"
        )
    return Outcome(
        summary=f"{route.dns_name} leads to {params.to_region}, and every resolver knows",
        changed=call.begun,
        evidence={"target": target, "resolvers": [found.resolver for found in answers]},
    )


def app_address(params: Params, call: Call) -> str:
    """The address of the app in the region to go to."""
    home = params.to_region == params.app.region
    resource_id = params.app.resource_id if home else params.app.recovery_resource_id
    app = call.azure.container_apps.app(resource_id)
    if app is None or not app.fqdn:
        raise CheckFailed(f"{resource_id} has no address to lead tenants to")
    return app.fqdn.lower()


def endpoint(profile: Profile, region: str, route: TrafficRoute) -> Endpoint:
    """The profile's endpoint for a region, by the name that the estate gives it."""
    try:
        return profile.endpoint(route.endpoints[region])
    except KeyError as error:
        raise CheckFailed(f"{profile.resource_id} has no endpoint for {region}") from error
