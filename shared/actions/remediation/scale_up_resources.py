"""Gives a container app more replicas, and proves that it helped."""

from datetime import timedelta
from typing import Any

from shared.actions.action import Call, action
from shared.actions.proof import Proof, proven, well_already
from shared.actions.remediation.restart_service import running_app
from shared.errors import CheckFailed
from shared.gateways.container_apps import App
from shared.model.outcome import Outcome, Pending
from shared.model.replicas import ReplicaRange
from shared.model.wire import Frozen
from shared.planners.replicas import replica_range, scaled_up, with_replicas

READY_WITHIN = timedelta(minutes=10)


class Params(Frozen):
    """The container app by its resource id, and within which limits it may be scaled."""

    app_id: str
    limits: ReplicaRange
    proof: Proof | None = None


def observe(params: Params, call: Call) -> dict[str, Any]:
    """How many replicas the revision that serves asks for: twice that is aimed at, however often this is attempted.

    Not the app's own document: after a change that failed it says what was wanted, not what is.
    """
    app = running_app(params.app_id, call)
    active = [one for one in call.azure.app_changes.revisions(app) if one.active]
    template = active[-1].template if active else app.document["properties"]["template"]
    return {"range": replica_range(template).to_wire()}


@action(changes=True, observe=observe)
def scale_up_resources(params: Params, call: Call) -> Outcome | Pending:
    """Doubles the replicas that a container app has at least, up to the estate's limit.

    Scaling makes a new revision; the old one serves until the new one is ready. Nothing scales it down again by
    itself but the app's own rules between these limits: `minReplicas` is brought back by people.
    """
    if (ended := well_already(params.proof, call)) is not None:
        return ended
    before = ReplicaRange.from_wire(call.before["range"])
    wanted = scaled_up(before, params.limits)
    name = params.app_id.rsplit("/", 1)[-1]
    if wanted.least <= before.least:
        raise CheckFailed(
            f"{name} has {before.least} replicas at least, which is the estate's limit ({params.limits.most}): "
            "raise `replicas` of the service in the estate, or find out what drives the load"
        )
    running = call.operation_running()
    app = running_app(params.app_id, call)
    if running or app.busy:
        return call.waiting_for(None, f"{name} is being scaled", begun=call.begun)
    template: dict[str, Any] = app.document["properties"]["template"]
    if app.failed or replica_range(template).least < wanted.least:
        _require_room(app, before, wanted, call)
        operation = call.azure.app_changes.set_template(app, with_replicas(template, wanted))
        return call.waiting_for(operation, f"{name} is scaled to {wanted.least} replicas at least")
    replicas = call.azure.container_apps.running_replicas(app)
    if replicas < wanted.least:
        return ready_soon(name, f"{replicas} of {wanted.least} replicas run", call)
    outcome = Outcome(
        summary=f"{name} has {replicas} replicas now, it had {before.least} at least",
        changed=call.begun,
        evidence={"before": before.to_wire(), "after": wanted.to_wire()},
    )
    return proven(params.proof, call, outcome)


def ready_soon(name: str, why: str, call: Call) -> Pending:
    """Pending while a new revision comes up; CheckFailed when it takes too long."""
    since = float(call.progress.get("ready_since") or call.now.timestamp())
    if call.now.timestamp() - since > READY_WITHIN.total_seconds():
        raise CheckFailed(f"{name} is not ready after {READY_WITHIN}: {why}; look at its newest revision")
    return call.waiting_for(None, f"{name}: {why}", begun=call.begun, ready_since=since)


def _require_room(app: App, before: ReplicaRange, wanted: ReplicaRange, call: Call) -> None:
    """Without cores the revision would never be ready, and the old one would serve as badly as before."""
    properties: dict[str, Any] = app.document["properties"]
    environment = str(properties.get("managedEnvironmentId") or properties.get("environmentId"))
    left = call.azure.container_apps.cores_left(environment)
    more = (wanted.least - before.least) * app.cores
    if left is not None and left < more:
        raise CheckFailed(
            f"{environment} has {left:g} cores left, {more:g} more are needed: ask Azure for a higher quota"
        )
