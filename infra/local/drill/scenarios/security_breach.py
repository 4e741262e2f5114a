"""Somebody came in by every way that there is, and in the end no way may be left open while tenants are served."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from infra.local.azure.services.security import facts
from infra.local.drill import verdict
from infra.local.drill.scenario import Scenario
from infra.local.drill.scene import Fault, Scene
from infra.local.drill.truth import Truth
from shared.model.plan import Mode


class SecurityBreach(Scenario):
    """A whole breach; an operator who knows which identities were taken starts the plan."""

    modes = (Mode.REAL,)
    pain = "an intruder is inside"
    # Whoever was still inside may have read the keys that an aborted run has made, so the next one makes others.
    renewed = (
        "/regeneratekey",
        "/regenerateadminkey/",
        "/secrets/search-api-key",
        "/secrets/agents-db-connection",
    )

    def faults(self, scene: Scene) -> Sequence[Fault]:
        return ({"kind": "leaked_credential", "target": "*"},)

    def hurts_since(self, scene: Scene, truth: Truth) -> datetime | None:
        return truth.read_at if truth.world["intruder"]["exfiltrated"] else None

    def parameters(self, scene: Scene) -> dict[str, Any]:
        return {"compromised_principals": [facts.FRANK, facts.ROGUE_IDENTITY]}

    def cured(self, scene: Scene, truth: Truth) -> list[str]:
        still = [f"the intruder can still {what}" for what in truth.world["intruder"]["can"]]
        return [*still, *verdict.unserved(truth)]

    def told(self, scene: Scene, truth: Truth) -> tuple[str, str]:
        return "The intruder is out", f"no way in is left, and {verdict.places(truth)}."


SCENARIO = SecurityBreach()
