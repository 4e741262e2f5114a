"""What TrainingJobFailed is answered with (seed 004, section 6.2): more nodes where there are too few."""

from datetime import timedelta

from shared.actions.proof import Proof, RowsBelow
from shared.actions.remediation.scale_training_compute import scale_training_compute
from shared.actions.remediation.verify_logs import verify_logs
from shared.errors import EstateInvalid
from shared.model.estate import ComputeCluster, Estate, MlWorkspace
from shared.model.plan import Plan, PlanKind
from shared.plans.alerted import AlertParameters, alerted, example
from shared.plans.planning import PlanRequest, plan


@plan(PlanKind.REMEDIATION, AlertParameters, lambda estate: example(estate, MlWorkspace))
def training_job_failed(estate: Estate, _request: PlanRequest, parameters: AlertParameters) -> Plan:
    """Gives a training cluster more nodes while its jobs fail, and looks whether they go on failing.

    Jobs that fail by their own code fail on: then people are asked, with what the jobs said. The alert's dimension
    ClusterName says which cluster; without it the one that the estate lets grow.
    """
    service, _ = alerted(estate, parameters, MlWorkspace)
    cluster = _cluster(service, parameters.dimensions)
    if cluster.most_nodes is None:
        raise EstateInvalid(
            f"{service.name}: {cluster.name} may not grow, for the estate gives no most_nodes: look at its jobs "
            "(diagnose_training_quota), then start them again"
        )
    scale = scale_training_compute.step(
        workspace_id=service.resource_id,
        cluster=cluster.name,
        more=max(cluster.max_nodes // 2, 1),
        most=cluster.most_nodes,
        deadline=timedelta(minutes=30),
    )
    failures = RowsBelow(
        question="training_failures", column="failures", below=1, named="cluster", empty_is_well=True
    )
    verify = verify_logs.step(
        needs=(scale,),
        what="no more training jobs fail",
        proof=Proof(
            conditions=(failures,),
            watch=timedelta(minutes=15),
            every=timedelta(minutes=1),
            within=timedelta(minutes=30),
        ),
        deadline=timedelta(hours=1),
    )
    return Plan(
        name="training_job_failed",
        kind=PlanKind.REMEDIATION,
        title=f"Let the training jobs of {service.name} run",
        steps=(scale, verify),
        approval=estate.approvals[PlanKind.REMEDIATION],
        services=(service.name,),
    )


def _cluster(service: MlWorkspace, dimensions: dict[str, str]) -> ComputeCluster:
    named = next(
        (value for key, value in dimensions.items() if key.lower() in {"clustername", "cluster"}), ""
    )
    for one in service.computes:
        if one.name.lower() == named.lower():
            return one
    growing = [one for one in service.computes if one.most_nodes is not None]
    return growing[0] if growing else service.computes[0]
