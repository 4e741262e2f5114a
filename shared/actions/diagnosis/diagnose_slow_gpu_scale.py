"""Says why a GPU cluster is slow to scale (seed 004, section 10.1: KI-001)."""

import re

from shared.actions.action import Call, action
from shared.actions.facts import ML_VERSION, Document, diagnosis, finding, gathered, properties
from shared.model.estate import MlWorkspace
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen


class Params(Frozen):
    """The workspace and its cluster."""

    service: MlWorkspace
    cluster: str


@action(changes=False)
def diagnose_slow_gpu_scale(params: Params, call: Call) -> Outcome | Pending:
    """Looks at the cluster's nodes, bounds and priority and at the quota, and says what makes jobs wait."""
    service, arm = params.service, call.azure.arm(ML_VERSION)
    cluster_id = f"{service.resource_id}/computes/{params.cluster}"
    usages = (
        f"/subscriptions/{call.azure.connection.subscription_id}/providers/Microsoft.MachineLearningServices"
        f"/locations/{service.region}/usages"
    )
    facts, unknown = gathered(
        cluster=lambda: arm.get("get compute cluster", cluster_id),
        usages=lambda: arm.listed("list machine learning usages", usages),
    )
    found = []
    document: Document | None = facts["cluster"]
    inner: Document = properties(document).get("properties") or {}
    scale: Document = inner.get("scaleSettings") or {}
    if document is None and not unknown:
        found.append(
            finding(
                call, cluster_id, f"{params.cluster} does not exist", "recover it with ml_workspace_recovery"
            )
        )
    elif document is not None:
        if int(scale.get("minNodeCount") or 0) == 0:
            advice = (
                f"before a large job, pre-warm it: az ml compute update -n {params.cluster} --min-instances 1, "
                "and back to 0 afterwards"
            )
            found.append(
                finding(
                    call,
                    cluster_id,
                    f"{params.cluster} keeps no node: every job waits for a start",
                    advice,
                    **scale,
                )
            )
        if str(inner.get("vmPriority", "")).lower() == "lowpriority":
            advice = "make the cluster a dedicated one for jobs that must not wait"
            found.append(
                finding(call, cluster_id, "its nodes are of low priority, which Azure gives last", advice)
            )
        if str(inner.get("allocationState", "")).lower() == "resizing":
            title = f"it is resizing: {inner.get('currentNodeCount', 0)} of {scale.get('maxNodeCount')} nodes are there"
            found.append(
                finding(call, cluster_id, title, "wait for it; if it stays so, the region has no capacity")
            )
        size = str(inner.get("vmSize", ""))
        for one in facts["usages"] or ():
            label = str((one.get("name") or {}).get("value") or "")
            if label.lower() == _family(size) and int(one.get("currentValue") or 0) >= int(
                one.get("limit") or 0
            ):
                title = f"the quota of {label} is used up: {one['currentValue']} of {one['limit']}"
                found.append(
                    finding(call, usages, title, "ask for a higher quota (diagnose_training_quota)", **one)
                )
    return diagnosis(call, cluster_id, found, unknown, "look how long its last jobs stood in the queue")


def _family(size: str) -> str:
    """What Azure calls the family of a size: of `Standard_NC24ads_A100_v4` it is standardNCADSA100v4Family."""
    found = re.fullmatch(r"standard_([a-z]+)\d+([a-z]*)_?(.*)", size.lower())
    return f"standard{found[1]}{found[2]}{found[3].replace('_', '')}family" if found else size.lower()
