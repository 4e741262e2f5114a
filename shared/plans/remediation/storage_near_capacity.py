"""What StorageNearCapacity is answered with (seed 004, section 6.2: more than 80 % used)."""

from datetime import timedelta

from pydantic import Field

from shared.actions.proof import MetricBelow, Proof
from shared.actions.remediation.set_lifecycle_policy import set_lifecycle_policy
from shared.actions.remediation.verify_logs import verify_logs
from shared.errors import EstateInvalid
from shared.model.estate import Estate, Storage
from shared.model.plan import Plan, PlanKind
from shared.plans.alerted import AlertParameters, alerted
from shared.plans.planning import PlanRequest, plan

TIB = 2**40


class Parameters(AlertParameters):
    """Besides what the alert says: percent of the planned size below which all is well, and when blobs are cold."""

    below_percent: float = Field(default=80.0, gt=0, le=100)
    cool_after_days: int = Field(default=30, ge=1)


def _example(estate: Estate) -> Parameters:
    return Parameters(
        resources=tuple(one.resource_id for one in estate.of_kind(Storage) if one.planned_tib)[:1]
    )


@plan(PlanKind.REMEDIATION, Parameters, _example)
def storage_near_capacity(estate: Estate, _request: PlanRequest, parameters: Parameters) -> Plan:
    """Lets a storage account that is nearly full delete old versions, and watches whether it empties.

    Only versions and snapshots older than what recovery may need are deleted; as that is for good, one person must
    agree. Azure carries it out within a day or two; where it did not help, the planned size is too small.
    """
    service, _ = alerted(estate, parameters, Storage)
    if service.planned_tib is None:
        raise EstateInvalid(
            f"{service.name} has no planned_tib, so nothing says when it is full: add it in the estate"
        )
    policy = set_lifecycle_policy.step(
        account_id=service.resource_id,
        keep_days=max(service.restorable_for.days, 1),
        cool_after_days=parameters.cool_after_days,
        deadline=timedelta(minutes=30),
    )
    used = MetricBelow(
        resource_id=service.resource_id,
        namespace="Microsoft.Storage/storageAccounts",
        metric="UsedCapacity",
        aggregation="Average",
        below=service.planned_tib * TIB * parameters.below_percent / 100,
        every=timedelta(hours=1),
    )
    proof = Proof(conditions=(used,), in_a_row=1, every=timedelta(hours=1), within=timedelta(hours=48))
    verify = verify_logs.step(
        needs=(policy,),
        what=f"{service.name} is less than {parameters.below_percent:g} % full",
        proof=proof,
        deadline=timedelta(hours=60),
    )
    return Plan(
        name="storage_near_capacity",
        kind=PlanKind.REMEDIATION,
        title=f"Make room in {service.name}",
        steps=(policy, verify),
        approval=estate.approvals[PlanKind.OPERATION],
        services=(service.name,),
    )
