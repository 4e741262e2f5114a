"""What CosmosRuUsage is answered with (seed 000, sections 5.2.2 and 6.1.1): twice the throughput, up to the cap."""

from datetime import timedelta

from pydantic import Field

from shared.actions.proof import MetricBelow, Proof
from shared.actions.remediation.scale_cosmos_throughput import Container, scale_cosmos_throughput
from shared.actions.remediation.verify_logs import verify_logs
from shared.errors import ParametersInvalid
from shared.model.estate import CosmosDb, Estate
from shared.model.plan import Plan, PlanKind
from shared.planners.throughput import CAP, FLOOR
from shared.plans.alerted import AlertParameters, alerted, example
from shared.plans.planning import PlanRequest, plan

NAMESPACE = "Microsoft.DocumentDB/databaseAccounts"


class Parameters(AlertParameters):
    """Besides what the alert says: RU/s to scale to (double, if not said), the cap, and what counts as too much."""

    target: int | None = Field(default=None, ge=FLOOR)
    cap: int = Field(default=CAP, ge=FLOOR)
    usage_below: float = Field(default=80.0, gt=0, le=100)


@plan(
    PlanKind.REMEDIATION, Parameters, lambda estate: Parameters(resources=example(estate, CosmosDb).resources)
)
def cosmos_ru_usage(estate: Estate, _request: PlanRequest, parameters: Parameters) -> Plan:
    """Gives Cosmos DB containers that use up their throughput twice as much, and proves that it is enough.

    The alert's dimension CollectionName says which container; without it all are looked at, and those that use less
    than the limit are left alone. The autoscaler (plan scale_cosmos) sees the same load: which of the two comes first
    answers it, the guardrails refuse the other, and this plan then waits whether that was enough.
    """
    service, _ = alerted(estate, parameters, CosmosDb)
    named = next(
        (value for key, value in parameters.dimensions.items() if key.lower() == "collectionname" and value),
        "",
    )
    if named and named.lower() not in {one.lower() for one in service.containers}:
        raise ParametersInvalid(
            "dimensions",
            f"'{named}' is no container of {service.name}, which has {', '.join(service.containers)}: "
            "add it in the estate",
        )
    chosen = [name for name in service.containers if named.lower() in {"", name.lower()}]
    containers = tuple(_container(service, name, parameters.usage_below) for name in chosen)
    scale = scale_cosmos_throughput.step(
        containers=containers, target=parameters.target, cap=parameters.cap, deadline=timedelta(hours=1)
    ).model_copy(update={"touches": tuple(f"container:{service.name}/{name}" for name in chosen)})
    enough = tuple(one for each in containers if each.proof is not None for one in each.proof.conditions)
    verify = verify_logs.step(
        name="verify_throughput",
        needs=(scale,),
        what=f"{named or service.name} has throughput enough by now",
        proof=Proof(conditions=enough, in_a_row=2, every=timedelta(minutes=1), within=timedelta(minutes=5)),
        deadline=timedelta(minutes=30),
    )
    return Plan(
        name="cosmos_ru_usage",
        kind=PlanKind.REMEDIATION,
        title=f"Give {named or service.name} more throughput",
        mode="first_success",
        steps=(scale, verify),
        approval=estate.approvals[PlanKind.REMEDIATION],
        services=(service.name,),
    )


def _container(service: CosmosDb, name: str, below: float) -> Container:
    usage = MetricBelow(
        resource_id=service.resource_id,
        namespace=NAMESPACE,
        metric="NormalizedRUConsumption",
        aggregation="Maximum",
        below=below,
        dimension="CollectionName",
        value=name,
    )
    proof = Proof(conditions=(usage,), in_a_row=2, every=timedelta(minutes=1), within=timedelta(minutes=10))
    return Container(
        container_id=f"{service.resource_id}/sqlDatabases/{service.database}/containers/{name}", proof=proof
    )
