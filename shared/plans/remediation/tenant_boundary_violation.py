"""What TenantBoundaryViolation is answered with (seed 000, section 5.1.2): the tenant is isolated, security is told."""

from datetime import timedelta

from shared.actions.mail.notify_stakeholders import notify_stakeholders
from shared.actions.remediation.isolate_tenant import isolate_tenant
from shared.actions.remediation.lift_tenant_isolation import lift_tenant_isolation
from shared.actions.security.preserve_evidence import VaultSecrets, preserve_evidence
from shared.errors import EstateInvalid
from shared.model.estate import Estate
from shared.model.plan import Plan, PlanKind
from shared.plans.alerted import AlertParameters
from shared.plans.planning import PlanRequest, plan
from shared.plans.tenant_scope import gate_of, tenant_in

SOON = timedelta(minutes=15)


def _example(estate: Estate) -> AlertParameters:
    return AlertParameters(dimensions={"tenantId": estate.tenants[0].name})


@plan(PlanKind.REMEDIATION, AlertParameters, _example)
def tenant_boundary_violation(estate: Estate, request: PlanRequest, parameters: AlertParameters) -> Plan:
    """Isolates the tenant that reached for another's data, after evidence of it is kept; security is told at once.

    Isolating needs nobody's approval. Letting the tenant in again is a plan of its own, `tenant_readmission`, which
    does.
    """
    if estate.security is None:
        raise EstateInvalid(
            f"estate {estate.name} has no security section, so no evidence can be kept: add it"
        )
    tenant = tenant_in(estate, parameters.dimensions)
    gate, app, where = gate_of(estate)
    container = estate.security.evidence_container
    tell = notify_stakeholders.step(
        name="tell_security", critical=False, to=gate.contacts, begins=True, deadline=SOON
    )
    evidence = preserve_evidence.step(
        container=container,
        apps=(app,),
        groups=(),
        accounts=(),
        vaults=tuple(VaultSecrets(vault_url=one, names=(gate.secret,)) for one in gate.vaults),
        principals=(),
        since=request.outage_started_at,
        deadline=SOON,
    )
    isolate = isolate_tenant.step(
        needs=(evidence,),
        tenant=tenant,
        evidence_container=container,
        **where,
        undo=lift_tenant_isolation.step(tenant=tenant, **where),
        deadline=SOON,
    )
    told = notify_stakeholders.step(
        name="notify_security", needs=(isolate,), critical=False, to=gate.contacts, deadline=SOON
    )
    return Plan(
        name="tenant_boundary_violation",
        kind=PlanKind.REMEDIATION,
        title=f"Isolate tenant {tenant}",
        steps=(tell, evidence, isolate, told),
        approval=estate.approvals[PlanKind.REMEDIATION],
        services=(app.name,),
        restored_by=isolate.name,
    )
