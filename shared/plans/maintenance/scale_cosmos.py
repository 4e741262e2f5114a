"""What gives Cosmos DB containers the throughput that they need, every few minutes (seed 000, section 6.1.1)."""

from datetime import timedelta

from shared.actions.maintenance.autoscale_cosmos import autoscale_cosmos
from shared.errors import EstateInvalid
from shared.model.estate import CosmosDb, Estate
from shared.model.plan import Plan, PlanKind, Retry
from shared.plans.planning import NoParameters, PlanRequest, plan


@plan(PlanKind.MAINTENANCE)
def scale_cosmos(estate: Estate, _request: PlanRequest, _parameters: NoParameters) -> Plan:
    """Looks at every Cosmos DB container, and doubles or halves its throughput where an hour's load asks for it.

    It claims no service, so that it never stands in the way of a recovery; the guardrails count each container apart.
    """
    accounts = estate.of_kind(CosmosDb)
    if not accounts:
        raise EstateInvalid(f"estate {estate.name}: there is no Cosmos DB service to scale")
    steps = tuple(
        autoscale_cosmos.step(
            name=_name(service.name, container),
            account_id=service.resource_id,
            database=service.database,
            container=container,
            limits=service.throughput,
            critical=False,
            retry=Retry(attempts=3, delay=1.0),
            deadline=timedelta(minutes=30),
        ).model_copy(update={"touches": (f"container:{service.name}/{container}",)})
        for service in accounts
        for container in service.containers
    )
    return Plan(
        name="scale_cosmos",
        kind=PlanKind.MAINTENANCE,
        title="Scale Cosmos DB by its load",
        steps=steps,
        approval=estate.approvals[PlanKind.MAINTENANCE],
    )


def _name(service: str, container: str) -> str:
    """A step's name holds lower-case letters, digits and underscores; a container's may hold more."""
    plain = "".join(one if one.isascii() and one.isalnum() else "_" for one in f"{service}_{container}")
    return f"scale_{plain.lower()}"[:80]
