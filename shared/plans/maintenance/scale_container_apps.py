"""What keeps the container apps scaling as the estate says (seed 000, section 6.1.2)."""

from datetime import timedelta

from pydantic import Field

from shared.actions.remediation.set_scale_rules import set_scale_rules
from shared.errors import EstateInvalid
from shared.model.estate import ContainerApp, Estate
from shared.model.plan import Plan, PlanKind, Retry
from shared.model.wire import Strict
from shared.plans.planning import PlanRequest, plan


class Parameters(Strict):
    """The share of CPU and of memory, in percent, above which replicas are added."""

    cpu: int = Field(default=70, ge=1, le=100)
    memory: int = Field(default=80, ge=1, le=100)


@plan(PlanKind.MAINTENANCE, Parameters)
def scale_container_apps(estate: Estate, _request: PlanRequest, parameters: Parameters) -> Plan:
    """Sets every container app's scale rules to what the estate says, and tells what was otherwise.

    Azure itself adds and removes replicas by these rules. One app that cannot be corrected stops no other.
    """
    apps = estate.of_kind(ContainerApp)
    if not apps:
        raise EstateInvalid(f"estate {estate.name}: there is no container app to scale")
    steps = tuple(
        set_scale_rules.step(
            name=f"set_scale_rules_{app.name.replace('-', '_')}",
            app_id=app.resource_id,
            limits=app.replicas,
            cpu=parameters.cpu,
            memory=parameters.memory,
            critical=False,
            retry=Retry(attempts=3, delay=1.0),
            # It holds the app's claim, and must not keep a recovery waiting.
            deadline=timedelta(minutes=15),
        ).model_copy(update={"touches": (f"service:{app.name}",)})
        for app in apps
    )
    return Plan(
        name="scale_container_apps",
        kind=PlanKind.MAINTENANCE,
        title="Scale rules of the container apps",
        steps=steps,
        approval=estate.approvals[PlanKind.MAINTENANCE],
        services=tuple(app.name for app in apps),
    )
