"""What a readiness check must know of each plan that an emergency, or a drill, may need."""

from shared.errors import EstateInvalid
from shared.model.estate import Estate
from shared.model.plan import Mode, PlanKind
from shared.model.readiness import PlanToCheck
from shared.plans.catalog import catalog
from shared.plans.planning import PlanMaker, PlanRequest

KINDS = (PlanKind.RECOVERY, PlanKind.DRILL)


def plans_to_check(estate: Estate) -> tuple[PlanToCheck, ...]:
    """Every recovery plan and drill of the catalog; one that cannot be made says why."""
    return tuple(_to_check(maker, estate) for _, maker in sorted(catalog().items()) if maker.kind in KINDS)


def _to_check(maker: PlanMaker, estate: Estate) -> PlanToCheck:
    try:
        plan = maker(estate, PlanRequest(mode=Mode.DRILL))
    except (EstateInvalid, ValueError, KeyError) as error:
        policy = estate.approvals[maker.kind]
        return PlanToCheck(
            name=maker.name,
            kind=maker.kind,
            approvals_required=policy.required,
            approvers=policy.approvers,
            problem=str(error)[:500],
        )
    return PlanToCheck(
        name=maker.name,
        kind=maker.kind,
        services=plan.services,
        actions=tuple(sorted({step.action for step in plan.steps})),
        approvals_required=plan.approval.required,
        approvers=plan.approval.approvers,
    )
