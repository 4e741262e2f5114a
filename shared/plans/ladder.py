"""The ladder of seed 000, section 6.2.1: restart, clear the cache, scale up, until one of them has helped."""

from collections.abc import Iterator
from datetime import timedelta

from shared.actions.proof import Condition, Healthy, Proof
from shared.actions.remediation.clear_cache import clear_cache
from shared.actions.remediation.restart_service import restart_service
from shared.actions.remediation.scale_up_resources import scale_up_resources
from shared.errors import EstateInvalid
from shared.model.estate import ContainerApp, Estate
from shared.model.plan import Plan, PlanKind, Retry, Step

RUNG = timedelta(minutes=20)
"""How long one rung may take, its proof included."""

FEW = Retry(attempts=4, delay=2.0)
"""A rung that cannot act gives way to the next: waiting long for it would help nobody."""


def ladder(
    estate: Estate,
    name: str,
    title: str,
    service: ContainerApp,
    app_id: str,
    *,
    conditions: tuple[Condition, ...],
    within: timedelta = timedelta(minutes=5),
) -> Plan:
    """A plan of rungs that each act and prove that the conditions hold; the first that helped ends it."""
    proof = Proof(conditions=conditions, within=within)
    return Plan(
        name=name,
        kind=PlanKind.REMEDIATION,
        title=title,
        mode="first_success",
        steps=tuple(_chained(_rungs(service, app_id, proof))),
        approval=estate.approvals[PlanKind.REMEDIATION],
        services=(service.name,),
    )


def healthy(service: ContainerApp) -> Healthy:
    """The service answers at its health address."""
    if service.health_url is None:
        raise EstateInvalid(f"{service.name} has no health_url, so nothing proves that a remediation helped")
    return Healthy(url=service.health_url)


def _rungs(service: ContainerApp, app_id: str, proof: Proof) -> Iterator[Step]:
    yield restart_service.step(app_id=app_id, proof=proof, deadline=RUNG, retry=FEW)
    if service.caches:
        yield clear_cache.step(caches=service.caches, proof=proof, deadline=RUNG, retry=FEW)
    yield scale_up_resources.step(
        app_id=app_id, limits=service.replicas, proof=proof, deadline=RUNG, retry=FEW
    )


def _chained(steps: Iterator[Step]) -> Iterator[Step]:
    """Each after the one before it."""
    before: tuple[str, ...] = ()
    for step in steps:
        yield step.model_copy(update={"needs": before})
        before = (step.name,)
