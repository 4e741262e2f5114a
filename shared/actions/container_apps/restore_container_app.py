"""Makes the container app in the primary region what runs in the recovery region now, before tenants come back."""

from typing import Any

from shared.actions.action import Call, action
from shared.actions.container_apps.deploy_container_apps import READY_WITHIN
from shared.errors import CheckFailed
from shared.gateways.container_apps import App
from shared.model.estate import ContainerApp
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen


class Params(Frozen):
    """The app as the estate had it when the run began."""

    service: ContainerApp


@action(changes=True)
def restore_container_app(params: Params, call: Call) -> Outcome | Pending:
    """Brings the app in the primary region to the images that run in the recovery region, and sees it healthy.

    What was deployed during the outage stays deployed; scale and settings stay the primary's own. The step ends
    when all replicas that the app asks for run and it answers, so that it is scaled before any traffic comes.
    """
    service = params.service
    state = call.operation_state()
    home = call.azure.container_apps.app(service.resource_id)
    if home is None:
        raise CheckFailed(f"{service.resource_id} is gone: deploy it from its template, then retry")
    if home.busy or state == "running":
        return call.waiting_for(None, f"{service.name}: {service.region} is at work on it")
    away = call.azure.container_apps.app(service.recovery_resource_id)
    if away is not None and (template := _with_images(service, home, away)) is not None:
        operation = call.azure.app_changes.set_template(home, template)
        return call.waiting_for(
            operation, f"{service.name}: {service.region} gets {away.image}", ready_since=None
        )
    wanted = max(home.min_replicas, 1)
    running = call.azure.container_apps.running_replicas(home)
    answer = call.azure.probe(f"https://{home.fqdn}/health") if running >= wanted else None
    if answer is not None and answer.healthy:
        return Outcome(
            summary=f"{service.name} stands ready in {service.region} with {running} replicas",
            changed=call.begun,
            evidence={"image": home.image, "replicas": running},
        )
    why = f"{running} of {wanted} replicas run" if answer is None else f"/health answers {answer.detail}"
    since = float(call.progress.get("ready_since") or call.now.timestamp())
    if call.now.timestamp() - since > READY_WITHIN.total_seconds():
        raise CheckFailed(
            f"{service.name} is not ready after {READY_WITHIN}: {why}; look at its revision's logs, then retry"
        )
    return call.waiting_for(None, f"{service.name}: {why}", begun=call.begun, ready_since=since)


def _with_images(service: ContainerApp, home: App, away: App) -> dict[str, Any] | None:
    """The primary's template with the other region's images, or None when it runs with them already."""
    images = {one["name"]: str(one["image"]) for one in _containers(away)}
    if tagged := [image for image in images.values() if "@sha256:" not in image]:
        raise CheckFailed(
            f"{service.name} runs {tagged[0]} in {service.recovery_region}, a tag that may mean another image "
            "tomorrow: deploy it by digest, then retry"
        )
    containers = [{**one, "image": images.get(one["name"], one["image"])} for one in _containers(home)]
    # An update that failed leaves its template behind, and no revision of it.
    if containers == _containers(home) and home.provisioning_state.lower() == "succeeded":
        return None
    template: dict[str, Any] = dict(home.document["properties"]["template"])
    template.pop("revisionSuffix", None)
    return {**template, "containers": containers}


def _containers(app: App) -> list[dict[str, Any]]:
    return app.document["properties"]["template"]["containers"]
