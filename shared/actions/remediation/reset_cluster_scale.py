"""Brings compute clusters back to the scale that the estate gives them."""

from shared.actions.action import Call, action
from shared.errors import CheckFailed
from shared.model.estate import MlWorkspace
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen


class Params(Frozen):
    """The workspace as the estate has it."""

    service: MlWorkspace


@action(changes=True)
def reset_cluster_scale(params: Params, call: Call) -> Outcome | Pending:
    """Lowers the bounds of clusters that are above the estate's: nodes that nobody uses are what costs most.

    Bounds are never raised, and nodes that work on a job end only with it.
    """
    service, learning = params.service, call.azure.machine_learning
    running = call.operation_running()
    for one in service.computes:
        cluster = learning.cluster(service.resource_id, one.name)
        if cluster is None:
            raise CheckFailed(f"{service.name} has no cluster {one.name}: correct the estate")
        if running or cluster.busy:
            return call.waiting_for(None, f"{one.name} is being scaled", begun=call.begun)
        least, most = (
            min(cluster.min_nodes, one.min_nodes),
            min(cluster.max_nodes, one.most_nodes or one.max_nodes),
        )
        if (cluster.min_nodes, cluster.max_nodes) != (least, most):
            operation = learning.scale_cluster(cluster, least, most, tags={})
            return call.waiting_for(operation, f"{one.name} goes back to {least} to {most} nodes")
    names = ", ".join(one.name for one in service.computes)
    return Outcome(summary=f"{names}: no more nodes than the estate gives them", changed=call.begun)
