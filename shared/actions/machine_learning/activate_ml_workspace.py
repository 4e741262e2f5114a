"""Lets the standby machine learning workspace take over."""

from shared.actions.action import Call, action
from shared.errors import CheckFailed
from shared.gateways.machine_learning import Cluster, is_busy
from shared.model.estate import ComputeCluster, MlWorkspace
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen

STANDBY = "foundry-ops-standby"
"""The tag in which a cluster keeps the scale that it stood by with, as `min-max`."""


class Params(Frozen):
    """The workspaces as the estate had them when the run began."""

    service: MlWorkspace


@action(changes=True)
def activate_ml_workspace(params: Params, call: Call) -> Outcome | Pending:
    """Gives the workspace in the recovery region the clusters of the one that is out, at their full scale.

    A standby workspace keeps its clusters at no nodes, so that they cost nothing. Each cluster remembers in a tag
    what it stood by with, for the way back.
    """
    service, learning = params.service, call.azure.machine_learning
    workspace_id, region = service.recovery_resource_id, service.recovery_region
    running = call.operation_running()
    standing(workspace_id, call)
    clusters = {one.name: learning.cluster(workspace_id, one.name) for one in service.computes}
    if running or any(found is not None and found.busy for found in clusters.values()):
        return call.waiting_for(None, f"{service.name}: {region} is scaling its clusters")
    wanted = [one for one in service.computes if not serves(clusters[one.name], one)]
    if not wanted:
        nodes = sum(one.max_nodes for one in service.computes)
        return Outcome(
            summary=f"{service.name}: {len(clusters)} clusters in {region} may use {nodes} nodes",
            changed=call.begun,
            evidence={"workspace": workspace_id, "clusters": sorted(clusters)},
        )
    first, found = wanted[0], clusters[wanted[0].name]
    if found is None or (found.state.lower() == "failed" and not found.vm_size):
        document = {"location": region, "properties": cluster_properties(first)}
        operation = learning.put_cluster(workspace_id, first.name, document, tags={STANDBY: "0-0"})
    elif found.vm_size.lower() != first.vm_size.lower():
        raise CheckFailed(
            f"{first.name} in {region} has machines of {found.vm_size}, not of {first.vm_size}: "
            "a size cannot be changed, so delete that cluster or correct the estate, then retry"
        )
    else:
        kept = found.tags.get(STANDBY) or f"{found.min_nodes}-{found.max_nodes}"
        operation = learning.scale_cluster(
            found, first.min_nodes, max(first.max_nodes, found.max_nodes), tags={STANDBY: kept}
        )
    return call.waiting_for(
        operation, f"{service.name}: {first.name} gets its nodes, {len(wanted) - 1} to go"
    )


def standing(workspace_id: str, call: Call) -> None:
    """CheckFailed unless the workspace is there and at rest."""
    workspace = call.azure.machine_learning.workspace(workspace_id)
    if workspace is None:
        raise CheckFailed(f"{workspace_id} does not exist: deploy it from its template, then retry")
    state = str((workspace.get("properties") or {}).get("provisioningState") or "")
    if state.lower() != "succeeded":
        raise CheckFailed(
            f"{workspace_id} is {state}: wait, or repair it, then retry", retryable=is_busy(state)
        )


def serves(found: Cluster | None, wanted: ComputeCluster) -> bool:
    """Whether a cluster can do what the estate wants of it."""
    return (
        found is not None
        and found.state.lower() == "succeeded"
        and found.vm_size.lower() == wanted.vm_size.lower()
        and found.max_nodes >= wanted.max_nodes
    )


def cluster_properties(wanted: ComputeCluster) -> dict[str, object]:
    """The properties of a new cluster, as ARM wants them."""
    scale = {
        "minNodeCount": wanted.min_nodes,
        "maxNodeCount": wanted.max_nodes,
        "nodeIdleTimeBeforeScaleDown": "PT2M",
    }
    return {
        "computeType": "AmlCompute",
        "properties": {"vmSize": wanted.vm_size, "vmPriority": "Dedicated", "scaleSettings": scale},
    }
