"""Users of one tenant reach for another's data."""

from collections.abc import Sequence

from infra.local.drill import verdict
from infra.local.drill.failures import DrillFailed
from infra.local.drill.runs import carry_out
from infra.local.drill.scene import Fault, Scene
from infra.local.drill.trouble import Trouble
from infra.local.drill.truth import Truth


class TenantBoundaryViolation(Trouble):
    """The tenant is turned away at once; people alone let it in again, and people alone close the incident."""

    rule = "TenantBoundaryViolation"
    tenant = "fabrikam"
    pain = "fabrikam reaches for another tenant's data"
    by_people = True

    def faults(self, scene: Scene) -> Sequence[Fault]:
        return ({"kind": "boundary_violation", "target": self.tenant},)

    def lift(self, scene: Scene) -> None:
        seen = scene.look()
        shut = next((one for one in seen.tenants if one.name == self.tenant), None)
        if self.tenant not in seen.world["tenant_gate"] or shut is None or shut.well:
            raise DrillFailed(
                f"{self.tenant} is not turned away, although its incident is said to be mitigated"
            )
        scene.say(f"{self.tenant} is turned away since {seen.world['tenant_gate'][self.tenant]}")
        reason = "make drill: the tenant has closed the leak"
        carry_out(scene, "tenant_readmission", mode=scene.mode, reason=reason, tenant=self.tenant)

    def cured(self, scene: Scene, truth: Truth) -> list[str]:
        shut = [f"{one} is still turned away" for one in truth.world["tenant_gate"]]
        return [*shut, *super().cured(scene, truth)]

    def told(self, scene: Scene, truth: Truth) -> tuple[str, str]:
        return "The incident is over", f"people let {self.tenant} in again, and {verdict.places(truth)}."


TROUBLE = TenantBoundaryViolation()
