"""Letting a tenant in again that was isolated."""

from datetime import timedelta

from shared.actions.mail.notify_stakeholders import notify_stakeholders
from shared.actions.remediation.lift_tenant_isolation import lift_tenant_isolation
from shared.errors import EstateInvalid
from shared.model.estate import Estate, Name
from shared.model.plan import Plan, PlanKind
from shared.model.wire import Strict
from shared.plans.planning import PlanRequest, plan
from shared.plans.tenant_scope import gate_of, known_tenant


class Parameters(Strict):
    """Who is let in again."""

    tenant: Name


@plan(PlanKind.OPERATION, Parameters, lambda estate: Parameters(tenant=estate.tenants[0].name))
def tenant_readmission(estate: Estate, _request: PlanRequest, parameters: Parameters) -> Plan:
    """Lets a tenant in again that was isolated, once somebody else has agreed, and tells security."""
    policy = estate.approvals[PlanKind.OPERATION]
    if policy.required < 1:
        raise EstateInvalid(
            "lifting an isolation needs somebody's approval: let approvals.operation require one at least"
        )
    tenant = known_tenant(estate, parameters.tenant, "tenant")
    gate, app, where = gate_of(estate)
    lift = lift_tenant_isolation.step(tenant=tenant, **where, deadline=timedelta(minutes=15))
    tell = notify_stakeholders.step(needs=(lift,), critical=False, to=gate.contacts)
    return Plan(
        name="tenant_readmission",
        kind=PlanKind.OPERATION,
        title=f"Let tenant {tenant} in again",
        steps=(lift, tell),
        approval=policy,
        services=(app.name,),
    )
