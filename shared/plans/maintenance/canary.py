"""What is written to every protected store every few minutes, so that a recovery can measure what it lost."""

from datetime import timedelta

from shared.actions.canary.write_canary import write_canary
from shared.errors import EstateInvalid
from shared.model.estate import CosmosDb, Estate, Storage
from shared.model.plan import Plan, PlanKind, Retry
from shared.plans.planning import NoParameters, PlanRequest, plan


@plan(PlanKind.MAINTENANCE)
def canary(estate: Estate, _request: PlanRequest, _parameters: NoParameters) -> Plan:
    """Writes the next canary to every store, side by side; one that is away stops none of the others.

    It claims no service: it goes on while a store is recovered, and what it wrote before is what counts.
    """
    stores = [service for service in estate.services if isinstance(service, CosmosDb | Storage)]
    if not stores:
        raise EstateInvalid(f"estate {estate.name}: no service keeps data that a canary could stand for")
    return Plan(
        name="canary",
        kind=PlanKind.MAINTENANCE,
        title="Canary writes",
        steps=tuple(
            write_canary.step(
                name=f"write_canary_{service.name.replace('-', '_')}",
                service=service,
                critical=False,
                retry=Retry(attempts=3, delay=1.0),
                deadline=timedelta(minutes=4),
            )
            for service in stores
        ),
        approval=estate.approvals[PlanKind.MAINTENANCE],
    )
