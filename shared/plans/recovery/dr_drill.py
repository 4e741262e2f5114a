"""The quarterly disaster recovery drill: everything moves to the recovery region and back (seed 004, section 8.2)."""

from shared.actions.mail.notify_stakeholders import notify_stakeholders
from shared.actions.mail.notify_tenants import notify_tenants
from shared.actions.readiness.check_drill_window import check_drill_window
from shared.actions.readiness.compare_fingerprint import compare_fingerprint
from shared.actions.readiness.document_lessons_learned import document_lessons_learned
from shared.actions.readiness.take_fingerprint import take_fingerprint
from shared.model.estate import Estate
from shared.model.plan import Mode, Plan, PlanKind, Step
from shared.plans.planning import PlanRequest, plan
from shared.plans.recovery.region_failback import region_failback
from shared.plans.recovery.region_outage import Parameters, hosted, region_outage

TELLERS = frozenset({notify_stakeholders.name, notify_tenants.name})


@plan(PlanKind.DRILL, Parameters)
def dr_drill(estate: Estate, _request: PlanRequest, parameters: Parameters) -> Plan:
    """Fails over to the recovery region, validates, goes back, validates, and proves that nothing was left behind.

    The moves are those of `region_outage` and `region_failback`, so a drill proves what an outage will need. When it
    is aborted or fails, every step that was begun is undone, and then the configuration is compared as well.
    """
    region, services, routes, _ = hosted(estate, parameters.region)
    request = PlanRequest(mode=Mode.DRILL)
    there, back = region_outage(estate, request, parameters), region_failback(estate, request, parameters)
    targets, tested = _targets(there, back), (there.name, back.name, "dr_drill")

    window = check_drill_window.step(
        drills=estate.drills,
        undo=document_lessons_learned.step(targets=targets, tested=tested),
    )
    address = routes[0].dns_name
    goodbye = notify_tenants.step(tenants=estate.tenants, address=address, moment="end")
    warn = (
        notify_stakeholders.step(
            name="announce_to_stakeholders",
            needs=(window,),
            critical=False,
            to=estate.stakeholders,
            begins=True,
        ),
        notify_tenants.step(
            name="announce_to_tenants",
            needs=(window,),
            critical=False,
            tenants=estate.tenants,
            address=address,
            moment="begin",
            within=estate.drills.length,
            undo=goodbye,
        ),
    )
    compare = compare_fingerprint.step(services=services)
    # What undoes the first look is the last one: it proves that an aborted drill has really gone back.
    before = take_fingerprint.step(needs=(window,), services=services, undo=compare)
    forward = _after((before, *warn), there)
    homeward = tuple(
        step.model_copy(update={"undo": None, "recovers": ()}) for step in _after(_ends(forward), back)
    )
    same = compare_fingerprint.step(needs=_ends(homeward), services=services)
    learned = document_lessons_learned.step(needs=(same,), critical=False, targets=targets, tested=tested)
    tell = notify_stakeholders.step(needs=(learned,), critical=False, to=estate.stakeholders)
    relieve = notify_tenants.step(
        needs=(learned,), critical=False, tenants=estate.tenants, address=address, moment="end"
    )
    return Plan(
        name="dr_drill",
        kind=PlanKind.DRILL,
        title=f"Drill: {region} fails over and comes back",
        steps=(window, *warn, before, *forward, *homeward, same, learned, tell, relieve),
        approval=estate.approvals[PlanKind.DRILL],
        rto=there.rto,
        restored_by="validate_services",
        services=there.services,
    )


def _after(first: tuple[Step, ...], follows: Plan) -> tuple[Step, ...]:
    """A plan's steps, without its own notices, to be begun only when those steps are over."""
    names = tuple(step.name for step in first)
    return tuple(
        step if step.needs else step.model_copy(update={"needs": names})
        for step in follows.steps
        if step.action not in TELLERS
    )


def _ends(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps that no other one needs."""
    needed = {need for step in steps for need in step.needs}
    return tuple(step for step in steps if step.name not in needed)


def _targets(*plans: Plan) -> dict[str, float]:
    """How many seconds each step may take."""
    return {
        step.name: step.deadline.total_seconds()
        for found in plans
        for step in found.steps
        if step.deadline is not None
    }
