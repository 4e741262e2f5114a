"""Diagnosis of a registry whose copies are behind (seed 004, section 10.1: KI-003)."""

from datetime import timedelta

from shared.actions.diagnosis.diagnose_registry_sync import diagnose_registry_sync as look
from shared.errors import ParametersInvalid
from shared.model.estate import ContainerApp, Estate
from shared.model.forms import ResourceId
from shared.model.plan import Plan, PlanKind
from shared.model.wire import Strict
from shared.plans.planning import PlanRequest, plan


class Parameters(Strict):
    """Which registry; the one that the estate's approved images come from, if not said."""

    registry_id: ResourceId | None = None


@plan(PlanKind.OPERATION, Parameters)
def diagnose_registry_sync(estate: Estate, _request: PlanRequest, parameters: Parameters) -> Plan:
    """Finds out whether a registry's copy is missing, failed or behind in a region that deploys from it."""
    images = estate.security.images if estate.security else ()
    registry = parameters.registry_id or next((one.registry_id for one in images), None)
    if registry is None:
        raise ParametersInvalid("registry_id", "the estate names no registry (security, images): say which")
    regions = tuple(
        dict.fromkeys(
            region for app in estate.of_kind(ContainerApp) for region in (app.region, app.recovery_region)
        )
    )
    step = look.step(registry_id=registry, regions=regions, deadline=timedelta(minutes=10))
    name = registry.rsplit("/", 1)[-1]
    title = f"Find out whether the copies of {name} are in step"
    return Plan(name="diagnose_registry_sync", kind=PlanKind.OPERATION, title=title, steps=(step,))
