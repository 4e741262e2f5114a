"""Lets the machine learning workspace in the recovery region stand by again."""

from shared.actions.action import Call, action
from shared.actions.machine_learning.activate_ml_workspace import STANDBY
from shared.gateways.machine_learning import Cluster
from shared.model.estate import MlWorkspace
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen


class Params(Frozen):
    """The workspaces as the estate had them when the run began."""

    service: MlWorkspace


@action(changes=True)
def deactivate_ml_workspace(params: Params, call: Call) -> Outcome | Pending:
    """Gives every cluster back the scale that it stood by with; one that carries no such tag is left alone."""
    service, learning = params.service, call.azure.machine_learning
    running = call.operation_running()
    found = [learning.cluster(service.recovery_resource_id, one.name) for one in service.computes]
    clusters = [one for one in found if one is not None]
    if running or any(one.busy for one in clusters):
        return call.waiting_for(None, f"{service.name}: {service.recovery_region} is scaling its clusters")
    left = [one for one in clusters if STANDBY in one.tags]
    if not left:
        return Outcome(summary=f"{service.name}: {service.recovery_region} stands by", changed=call.begun)
    least, most = _standby(left[0])
    operation = learning.scale_cluster(left[0], least, most, tags={STANDBY: None})
    name = left[0].resource_id.rsplit("/", 1)[-1]
    return call.waiting_for(operation, f"{service.name}: {name} goes back to {most} nodes")


def _standby(cluster: Cluster) -> tuple[int, int]:
    """The scale in a cluster's tag; no nodes where somebody has written something else there."""
    least, _, most = cluster.tags[STANDBY].partition("-")
    return (int(least), int(most)) if least.isdecimal() and most.isdecimal() else (0, 0)
