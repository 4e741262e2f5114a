"""Gives a restored machine learning workspace its compute clusters back."""

from datetime import datetime
from typing import Any

from shared.actions.action import Call, action
from shared.actions.machine_learning.activate_ml_workspace import cluster_properties, standing
from shared.actions.machine_learning.verify_ml_backup import Backup, newest_backup
from shared.errors import CheckFailed
from shared.gateways.machine_learning import Cluster
from shared.model.estate import MlWorkspace, Storage
from shared.model.outcome import Outcome, Pending
from shared.model.plan import Mode
from shared.model.wire import Frozen


class Params(Frozen):
    """The workspace, the store that keeps its backups, and until when a backup is good."""

    service: MlWorkspace
    storage: Storage
    before: datetime | None = None


@action(changes=True)
def reconnect_compute(params: Params, call: Call) -> Outcome | Pending:
    """Makes every cluster of backup and estate that is missing, and sets the scale of the others as in the backup.

    A drill leaves clusters that are there as they are.
    """
    service, learning = params.service, call.azure.machine_learning
    running = call.operation_running()
    standing(service.resource_id, call)
    _, backup, _ = newest_backup(service, params.storage, params.before, call)
    wanted = wanted_clusters(service, backup)
    clusters = {name: learning.cluster(service.resource_id, name) for name in wanted}
    if running or any(found is not None and found.busy for found in clusters.values()):
        return call.waiting_for(None, f"{service.name}: Azure is at work on its clusters")
    left = [name for name, found in clusters.items() if not _fits(found, wanted[name], call)]
    if not left:
        return Outcome(
            summary=f"{service.name}: {', '.join(sorted(clusters))} are connected",
            changed=call.begun,
            evidence={"clusters": sorted(clusters)},
        )
    name = left[0]
    found, document = clusters[name], wanted[name]
    if found is None:
        operation = learning.put_cluster(service.resource_id, name, document)
    elif found.vm_size.lower() != _inner(document)["vmSize"].lower():
        raise CheckFailed(
            f"{name} has machines of {found.vm_size}, its backup of {_inner(document)['vmSize']}: a size cannot be "
            "changed, so delete that cluster, then retry"
        )
    else:
        least, most = _scale(document)
        operation = learning.scale_cluster(found, least, most, tags={})
    return call.waiting_for(operation, f"{service.name}: {name} is being connected, {len(left) - 1} to go")


def wanted_clusters(service: MlWorkspace, backup: Backup) -> dict[str, dict[str, Any]]:
    """The document of each cluster: as the backup has it, else as the estate describes it."""
    described = {
        one.name: {"location": service.region, "properties": cluster_properties(one)}
        for one in service.computes
    }
    kept: dict[str, dict[str, Any]] = {}
    for name, document in backup.clusters.items():
        inner = _inner(document)
        used = {
            key: inner[key] for key in ("vmSize", "vmPriority", "scaleSettings", "subnet") if inner.get(key)
        }
        kept[name] = {
            "location": document.get("location") or service.region,
            "properties": {"computeType": "AmlCompute", "properties": used},
        }
    return described | kept


def _fits(found: Cluster | None, document: dict[str, Any], call: Call) -> bool:
    if found is None or found.state.lower() != "succeeded":
        return False
    if call.mode is Mode.DRILL:
        return True
    same = found.vm_size.lower() == _inner(document)["vmSize"].lower()
    return same and (found.min_nodes, found.max_nodes) == _scale(document)


def _inner(document: dict[str, Any]) -> dict[str, Any]:
    return dict(document["properties"].get("properties") or {})


def _scale(document: dict[str, Any]) -> tuple[int, int]:
    scale: dict[str, Any] = _inner(document).get("scaleSettings") or {}
    return int(scale.get("minNodeCount") or 0), int(scale.get("maxNodeCount") or 0)
