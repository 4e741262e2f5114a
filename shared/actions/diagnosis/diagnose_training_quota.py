"""Says why training jobs find no nodes (seed 004, section 10.2: "Quota exceeded")."""

from datetime import timedelta

from shared.actions.action import Call, action
from shared.actions.facts import ML_VERSION, Document, diagnosis, finding, gathered
from shared.gateways.machine_learning import Cluster
from shared.model.estate import MlWorkspace
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen

NEAR = 0.9
"""Share of a quota from which on it is as good as used up: one more node may not fit."""


class Params(Frozen):
    """The workspace, and how far back failed jobs count."""

    service: MlWorkspace
    over: timedelta = timedelta(hours=24)


@action(changes=False)
def diagnose_training_quota(params: Params, call: Call) -> Outcome | Pending:
    """Looks at the region's quota, the clusters' bounds and the failed jobs, and says which of them it is."""
    service, arm = params.service, call.azure.arm(ML_VERSION)
    where = (
        f"/subscriptions/{call.azure.connection.subscription_id}/providers/Microsoft.MachineLearningServices"
        f"/locations/{service.region}/usages"
    )
    facts, unknown = gathered(
        usages=lambda: arm.listed("list machine learning usages", where),
        clusters=lambda: [
            call.azure.machine_learning.cluster(service.resource_id, one.name) for one in service.computes
        ],
        failures=lambda: call.azure.logs.query("training_failures", call.now - params.over, call.now),
    )
    usages: tuple[Document, ...] = facts["usages"] or ()
    clusters: list[Cluster | None] = facts["clusters"] or []
    found = [
        finding(
            call,
            where,
            f"{name} has {one['currentValue']} of {one['limit']} vCPUs in {service.region}",
            f"ask for a higher quota of {name} in {service.region} (Azure portal, Quotas), or let other clusters "
            "scale down",
            **one,
        )
        for one in usages
        if int(one.get("limit") or 0) > 0 and int(one.get("currentValue") or 0) >= NEAR * int(one["limit"])
        for name in [str((one.get("name") or {}).get("value") or one.get("id"))]
    ]
    for described, cluster in zip(service.computes, clusters, strict=False):
        if cluster is None:
            found.append(
                finding(
                    call,
                    service.resource_id,
                    f"{described.name} does not exist",
                    "bring it back with ml_workspace_recovery",
                )
            )
        elif cluster.max_nodes < described.max_nodes:
            title = (
                f"{described.name} may have {cluster.max_nodes} nodes, the estate has {described.max_nodes}"
            )
            found.append(finding(call, cluster.resource_id, title, "scale it back to what the estate says"))
    for row in facts["failures"] or ():
        title = f"{row['failures']} jobs failed on {row['cluster']}: {row['reason']}"
        advice = "raise the cluster's bound (plan training_job_failed), or look at the jobs' own logs"
        found.append(finding(call, service.resource_id, title[:300], advice, failures=int(row["failures"])))
    return diagnosis(call, service.resource_id, found, unknown, "look at the logs of the job that failed")
