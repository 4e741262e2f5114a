"""Says why an inference endpoint does not answer (seed 004, section 10.2: "returns 503")."""

from shared.actions.action import Call, action
from shared.actions.facts import AKS_VERSION, diagnosis, finding, gathered, properties
from shared.actions.region_state import region_out
from shared.gateways.probe import Answered
from shared.model.estate import TrafficRoute
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen


class Params(Frozen):
    """The front door, and the AKS clusters behind it."""

    service: TrafficRoute
    clusters: tuple[str, ...] = ()


@action(changes=False)
def diagnose_endpoint_503(params: Params, call: Call) -> Outcome | Pending:
    """Probes the endpoint, and looks at its route, its region, its clusters and what it logged."""
    service = params.service
    facts, unknown = gathered(
        answer=lambda: call.azure.probe(str(service.health_url)),
        whole=lambda: call.azure.probe(f"{service.health_url}?deep=true", timeout=45.0),
        region=lambda: region_out(call.estate, call.azure, service.region),
        endpoints=lambda: call.azure.traffic.profile(service.resource_id).endpoints,
        **{
            f"cluster {one.rsplit('/', 1)[-1]}": lambda one=one: call.azure.arm(AKS_VERSION).get(
                "get AKS cluster", one
            )
            for one in params.clusters
        },
    )
    found = []
    answer: Answered = facts["answer"]
    whole: Answered = facts["whole"]
    if facts["region"]:
        advice = "start landing_zone_activation: the standby region takes over"
        found.append(
            finding(call, service.resource_id, f"{service.region} is out: {facts['region']}", advice)
        )
    for one in facts["endpoints"] or ():
        if one.enabled and one.monitor.lower() not in {"online", "checkingendpoint"}:
            title = f"endpoint {one.name} is {one.monitor} to Traffic Manager"
            found.append(
                finding(call, service.resource_id, title, f"look at {one.target}: it fails its probes")
            )
    for cluster_id in params.clusters:
        name = cluster_id.rsplit("/", 1)[-1]
        document = facts[f"cluster {name}"]
        power = str((properties(document).get("powerState") or {}).get("code") or "")
        state = str(properties(document).get("provisioningState") or "")
        if document is None and not any(why.startswith(f"cluster {name}") for why in unknown):
            found.append(finding(call, cluster_id, f"AKS cluster {name} does not exist", "deploy it again"))
        elif power.lower() == "stopped":
            found.append(
                finding(
                    call, cluster_id, f"AKS cluster {name} is stopped", f"start it: az aks start -n {name}"
                )
            )
        elif state.lower() == "failed":
            advice = "look at its activity log, then repeat the update that failed"
            found.append(finding(call, cluster_id, f"AKS cluster {name} is in state Failed", advice))
    if not answer.healthy:
        title = f"{service.health_url} answers {answer.status or 'nothing'} {answer.detail}".strip()
        advice = "restart the deployment behind it; look at its pods and at Application Insights"
        found.append(finding(call, service.resource_id, title, advice, seconds=answer.seconds))
    elif not whole.healthy:
        lost = {k: v for k, v in (whole.body.get("dependencies") or {}).items() if v != "ok"}
        title = f"the endpoint answers, its models do not: {lost or whole.detail}"
        advice = "run diagnose_openai_unreachable for the models that fail"
        found.append(finding(call, service.resource_id, title[:300], advice, dependencies=lost))
    return diagnosis(call, service.resource_id, found, unknown, "it answers now; look again when it fails")
