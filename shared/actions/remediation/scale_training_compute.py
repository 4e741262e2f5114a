"""Gives a training cluster more nodes, within the limit of the estate and the quota of the region."""

from typing import Any

from shared.actions.action import Call, action
from shared.errors import CheckFailed
from shared.gateways.machine_learning import Cluster
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen


class Params(Frozen):
    """The cluster, by how many nodes it grows at its upper bound, and how many it may have at most."""

    workspace_id: str
    cluster: str
    more: int
    most: int


def observe(params: Params, call: Call) -> dict[str, Any]:
    """How many nodes the cluster may have now."""
    return {"max_nodes": _cluster(params, call).max_nodes}


@action(changes=True, observe=observe)
def scale_training_compute(params: Params, call: Call) -> Outcome | Pending:
    """Raises how many nodes a training cluster may have, for jobs that fail because it is used up.

    Its lower bound stays, so that it costs nothing while nobody trains. At the estate's limit, or where the region's
    quota has no room, people must decide.
    """
    state = call.operation_state()
    cluster = _cluster(params, call)
    before = int(call.before["max_nodes"])
    wanted = min(before + params.more, params.most)
    if wanted <= before:
        raise CheckFailed(
            f"{params.cluster} may have {before} nodes, which is the estate's limit ({params.most}): look what fills "
            "it, raise `most_nodes` of the cluster in the estate, or ask Azure for more quota"
        )
    if state == "running" or cluster.busy:
        return call.waiting_for(None, f"{params.cluster} is being scaled", begun=call.begun)
    if cluster.max_nodes < wanted:
        operation = call.azure.machine_learning.scale_cluster(cluster, cluster.min_nodes, wanted, tags={})
        return call.waiting_for(operation, f"{params.cluster} gets up to {wanted} nodes")
    return Outcome(
        summary=f"{params.cluster} may have {cluster.max_nodes} nodes, it had {before}",
        changed=call.begun,
        evidence={"cluster": cluster.resource_id, "before": before, "after": cluster.max_nodes},
    )


def _cluster(params: Params, call: Call) -> Cluster:
    found = call.azure.machine_learning.cluster(params.workspace_id, params.cluster)
    if found is None:
        raise CheckFailed(f"{params.workspace_id} has no cluster {params.cluster}: correct the estate")
    return found
