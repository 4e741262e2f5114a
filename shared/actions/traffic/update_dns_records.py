"""Leads the tenants to the other region and waits until their resolvers have noticed."""

from contextlib import suppress

from shared.actions.action import Call, action
from shared.errors import AzureCallFailed, CheckFailed
from shared.gateways.traffic import Answer, Endpoint, Profile
from shared.model.estate import ContainerApp, TrafficRoute
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen


class Params(Frozen):
    """The route, and from where to where. Back again is the same with the regions the other way round.

    Without an app the route leads to what its endpoints in Traffic Manager name already.
    """

    route: TrafficRoute
    app: ContainerApp | None = None
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
    source, goal = endpoint(profile, params.from_region, route), endpoint(profile, params.to_region, route)
    target = app_address(params.app, params, call) if params.app else goal.target.lower()
    led, ttl = azure.traffic.cname(route.zone_id, route.dns_name)
    if led.lower() != profile.fqdn.lower():
        raise CheckFailed(
            f"{route.dns_name} leads to {led}, not to {profile.fqdn}: Traffic Manager cannot move it; "
            "lead the name to the profile, then retry"
        )
    if not (goal.enabled and goal.target.lower() == target and not source.enabled):
        if "switched" in call.progress:
            raise CheckFailed(
                f"Traffic Manager no longer leads {route.dns_name} to {params.to_region}, as this step had set it: "
                "find out who sets it back, then retry",
                retryable=True,
            )
        answer = azure.probe(f"https://{target}/health")
        if not answer.healthy:
            raise CheckFailed(
                f"{target} is not healthy ({answer.status or 'no answer'} {answer.detail}): tenants stay where "
                "they are",
                retryable=True,
            )
        resolved(route, call)
        if not (goal.enabled and goal.target.lower() == target):
            azure.traffic.set_endpoint(profile, goal, enabled=True, target=target)
        if source.enabled:
            azure.traffic.set_endpoint(profile, source, enabled=False)
        return call.waiting_for(
            None,
            f"{route.dns_name} leads to {params.to_region}; resolvers keep the old answer",
            switched=call.now.timestamp(),
        )
    return _let_go(params, call, target, patience=2.0 * max(ttl, profile.ttl))


def _let_go(params: Params, call: Call, target: str, *, patience: float) -> Outcome | Pending:
    """Wait for the resolvers; one that never answers holds up nobody for longer than `patience` seconds."""
    route, answers = params.route, resolved(params.route, call)
    knowing = [answer.resolver for answer in answers if target in answer.targets]
    silent = [resolver for resolver in route.resolvers if all(resolver != a.resolver for a in answers)]
    since = float(call.progress.get("switched") or call.now.timestamp())
    given_up = bool(knowing) and call.now.timestamp() - since > patience
    if len(knowing) < len(answers) or not knowing or (silent and not given_up):
        left = len(route.resolvers) - len(knowing)
        return call.waiting_for(
            None,
            f"{left} of {len(route.resolvers)} resolvers do not lead {route.dns_name} to {params.to_region} yet",
            switched=since,
            begun=call.begun,
        )
    unheard = f" ({', '.join(silent)} did not answer)" if silent else ""
    return Outcome(
        summary=f"{route.dns_name} leads to {params.to_region}, and every resolver knows{unheard}",
        changed=call.begun,
        evidence={"target": target, "resolvers": knowing, "silent": silent},
    )


def resolved(route: TrafficRoute, call: Call) -> list[Answer]:
    """What each resolver says; one that is away is left out, for it must not stand between tenants and service."""
    answers: list[Answer] = []
    for resolver in route.resolvers:
        with suppress(AzureCallFailed):
            answers.append(call.azure.traffic.resolve(resolver, route.dns_name))
    return answers


def app_address(moved: ContainerApp, params: Params, call: Call) -> str:
    """The address of the app in the region to go to."""
    home = params.to_region == moved.region
    resource_id = moved.resource_id if home else moved.recovery_resource_id
    app = call.azure.container_apps.app(resource_id)
    if app is None or not app.fqdn:
        raise CheckFailed(f"{resource_id} has no address to lead tenants to: deploy it, then retry")
    return app.fqdn.lower()


def endpoint(profile: Profile, region: str, route: TrafficRoute) -> Endpoint:
    """The profile's endpoint for a region, by the name that the estate gives it."""
    try:
        return profile.endpoint(route.endpoints[region])
    except KeyError as error:
        raise CheckFailed(
            f"{profile.resource_id} has no endpoint for {region}: add it, then retry"
        ) from error
