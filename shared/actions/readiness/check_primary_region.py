"""Proves that the primary region can take its services back, before anything returns to it."""

from collections.abc import Iterator

from shared.actions.action import Call, action
from shared.actions.key_vault.recover_key_vault import vault_url
from shared.actions.machine_learning.activate_ml_workspace import standing
from shared.actions.search.load_search_snapshot import search_url
from shared.errors import AzureCallFailed, CheckFailed
from shared.model.estate import (
    AiSearch,
    ContainerApp,
    CosmosDb,
    KeyVault,
    MlWorkspace,
    OpenAi,
    Service,
    Storage,
    TrafficRoute,
)
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen


class Params(Frozen):
    """The region, and what is to live there again."""

    region: str
    services: tuple[Service, ...]


@action(changes=False)
def check_primary_region(params: Params, call: Call) -> Outcome | Pending:
    """Asks Service Health about the region, every service whether it answers there, and for room to scale.

    Everything that speaks against going back is told at once.
    """
    gaps = [
        f"Service Health: {event.title}, since {event.began}"
        for event in call.azure.outages.declared(params.region)
    ]
    gaps += [gap for service in params.services for gap in _gaps(service, call)]
    if gaps:
        raise CheckFailed(
            f"{params.region} cannot take its services back yet: {'; '.join(gaps)}; wait, then retry"
        )
    return Outcome(
        summary=f"{params.region} is healthy and has room for {len(params.services)} services",
        evidence={"services": [service.name for service in params.services]},
    )


def _gaps(service: Service, call: Call) -> Iterator[str]:
    try:
        match service:
            case CosmosDb():
                if service.region not in call.azure.cosmos.account(service.resource_id).regions:
                    yield f"{service.name} has no region {service.region} any more: add it to the account"
            case ContainerApp():
                yield from _container_app(service, call)
            case AiSearch():
                call.azure.search.index_names(search_url(service.resource_id))
            case KeyVault():
                call.azure.key_vault.secrets(vault_url(service.resource_id))
            case Storage():
                account = call.azure.storage.account(service.resource_id)
                if service.region not in {account.primary, account.secondary or service.region}:
                    yield f"{service.name} is copied to {account.secondary}, not to {service.region}"
            case OpenAi():
                call.azure.openai.deployments(service.resource_id)
            case MlWorkspace():
                standing(service.resource_id, call)
            case TrafficRoute():
                call.azure.traffic.profile(service.resource_id)
    except AzureCallFailed as error:
        if error.status in {429, 500} or (error.status == 503 and error.retry_after is not None):
            raise
        yield f"{service.name}: {error}"
    except CheckFailed as error:
        yield str(error)


def _container_app(service: ContainerApp, call: Call) -> Iterator[str]:
    app = call.azure.container_apps.app(service.resource_id)
    if app is None:
        yield f"{service.resource_id} is gone: deploy it from its template"
        return
    environment = str(app.document["properties"]["managedEnvironmentId"])
    state = call.azure.container_apps.environment_state(environment)
    if state is None or state.lower() != "succeeded":
        yield f"{service.name}: its environment is {state or 'missing'}"
        return
    if not call.azure.probe(f"https://{app.fqdn}/").status:
        yield f"{service.name} does not answer at {app.fqdn}"
    missing = max(app.min_replicas, 1) - call.azure.container_apps.running_replicas(app)
    left = call.azure.container_apps.cores_left(environment)
    if left is not None and missing > 0 and left < app.cores * missing:
        yield (
            f"{service.name} needs {app.cores * missing:g} cores more, the quota leaves {left:g}: ask for more"
        )
