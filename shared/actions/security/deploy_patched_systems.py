"""Deploys the patched image of an app, by digest."""

import re
from typing import Any

from shared.actions.action import Call, action
from shared.errors import CheckFailed
from shared.gateways.app_changes import Revision
from shared.gateways.container_apps import App
from shared.model.estate import ContainerApp
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen
from shared.planners.clean_template import images_replaced, repository_of

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class Params(Frozen):
    """The app, the digest that it is to run, and the repository (`server/name`) that it is imported from."""

    service: ContainerApp
    digest: str
    imported_from: str
    registry_id: str


@action(changes=True)
def deploy_patched_systems(params: Params, call: Call) -> Outcome | Pending:
    """Replaces the image of a container app by the patched one, and stops every revision that runs another.

    The image is named by digest, never by a tag, which may mean another image tomorrow. One that the app's
    registry does not have is imported first.
    """
    service = params.service
    if not _DIGEST.fullmatch(params.digest):
        raise CheckFailed(f"{params.digest} is no digest (sha256: and 64 digits): a tag is not deployed")
    running = call.operation_running()
    app = call.azure.container_apps.app(service.resource_id)
    if app is None:
        raise CheckFailed(f"{service.resource_id} does not exist, so there is nothing to patch")
    if running or app.busy:
        return call.waiting_for(None, f"{service.name}: the patched image is on its way", begun=call.begun)
    repository = repository_of(app.image)
    server, _, name = repository.partition("/")
    if not call.azure.registry.has_digest(server, name, params.digest):
        operation = call.azure.registry.import_image(
            params.registry_id, server, params.imported_from, name, params.digest
        )
        if operation is not None:
            return call.waiting_for(
                operation, f"{service.name}: importing the image from {params.imported_from}"
            )
    revisions = call.azure.app_changes.revisions(app)
    # What runs counts, not what the app was told: an operation that failed leaves no revision.
    if not revisions or not runs(revisions[-1], f"{repository}@{params.digest}"):
        template: dict[str, Any] = app.document["properties"]["template"]
        patched = images_replaced(template, repository, params.digest)
        operation = call.azure.app_changes.set_template(app, patched)
        call.azure.defender.expect_anew(app.resource_id)
        if operation is not None:
            return call.waiting_for(operation, f"{service.name}: a revision with the patched image begins")
    return _settle(params, call, app, f"{repository}@{params.digest}")


def _settle(params: Params, call: Call, app: App, image: str) -> Outcome | Pending:
    """Wait until the patched revision runs, then stop those that run anything else."""
    service = params.service
    app = call.azure.container_apps.app(service.resource_id) or app
    revisions = call.azure.app_changes.revisions(app)
    latest = revisions[-1] if revisions else None
    if latest is None or not runs(latest, image):
        return call.waiting_for(
            None, f"{service.name}: no revision with the patched image yet", begun=call.begun
        )
    if latest.state.lower() == "failed":
        raise CheckFailed(f"{service.name}: revision {latest.name} does not start: {latest.detail}")
    replicas = call.azure.container_apps.running_replicas(app)
    if replicas < app.min_replicas:
        what = f"{replicas} of {app.min_replicas} patched replicas run"
        return call.waiting_for(None, f"{service.name}: {what}", begun=call.begun)
    others = [one for one in revisions if one.active and not runs(one, image)]
    if others and app.document["properties"].get("configuration", {}).get("activeRevisionsMode") == "Single":
        return call.waiting_for(None, f"{service.name}: {others[0].name} is being stopped", begun=call.begun)
    for one in others:
        call.azure.app_changes.deactivate(app, one.name)
        call.azure.defender.expect_anew(app.resource_id)
    return Outcome(
        summary=f"{service.name} runs the patched image with {replicas} replicas",
        changed=call.begun or bool(others),
        evidence={"image": image, "revision": latest.name, "stopped": [one.name for one in others]},
    )


def runs(revision: Revision, image: str) -> bool:
    """Whether a revision runs that image, and no other one of its repository."""
    repository = repository_of(image)
    own = {one for one in revision.images if repository_of(one) == repository}
    return own == {image}
