"""An intruder in the sample estate, and what a test needs to know of it; see `infra/.../security/intruder.py`."""

import json
from datetime import UTC, datetime
from typing import Any

from infra.local.azure import World
from infra.local.azure.services.security import facts, keys
from shared.model.plan import Mode, Step
from shared.plans.planning import PlanRequest
from shared.plans.recovery.security_breach import Parameters, security_breach
from tests.shared.actions.stage import Stage, contoso

APP = contoso().service("agent-service")
GROUP = f"{'/'.join(APP.resource_id.split('/')[:5])}/providers/Microsoft.Network/networkSecurityGroups/nsg-cae-fas-japaneast"
CONTAINER = "foundry-ops-evidence"
EAST, WEST = "https://kv-fas-japaneast.vault.azure.net", "https://kv-fas-japanwest.vault.azure.net"
SINCE = datetime(2026, 1, 1, 0, 0, 30, tzinfo=UTC)
"""When `broken_into` lets the intruder in: half a minute after a test's world began."""

SCOPES = ("/".join(APP.resource_id.split("/")[:5]),)


def broken_into(stage: Stage, **way: Any) -> datetime:
    """Let the intruder in for a minute; returns since when. All ways, or `credential=..., target=...`."""
    stage.lab.advance(30)
    began = stage.now
    stage.lab.fault("leaked_credential", way.pop("target", "*"), **way)
    stage.lab.advance(60)
    return began


def intruder(stage: Stage) -> Any:
    """What the intruder can do now, and what was taken."""
    return stage.truth["intruder"]


def secrets_of(stage: Stage) -> set[str]:
    """Every key and every secret value that there is now, or ever was in a vault."""

    def work(world: World) -> set[str]:
        found = {
            value
            for kind in keys.NAMES
            for account in world.of_type(kind)
            for value in keys.of(world, kind, account["name"]).values()
        }
        for _, row in world.table("secret").rows():
            found |= {str(one["value"]) for one in row["versions"]}
        return found

    return stage.lab.inside(work)


def planned(name: str) -> Step:
    """A step as the plan makes it, for a breach of which the operator knows since when and by whom."""
    request = PlanRequest(mode=Mode.REAL, outage_started_at=SINCE)
    plan = security_breach(contoso(), request, Parameters(compromised_principals=(facts.FRANK,)))
    return next(step for step in plan.steps if step.name == name)


def carried_out_before(name: str) -> Any:
    """A preparation: the intruder is in, and every step of the plan before that one is done."""

    def prepare(stage: Stage) -> None:
        broken_into(stage)
        request = PlanRequest(mode=Mode.REAL, outage_started_at=SINCE)
        plan = security_breach(contoso(), request, Parameters(compromised_principals=(facts.FRANK,)))
        for step in plan.steps:
            if step.name == name:
                return
            stage.carry_out(step)

    return prepare


def rules(stage: Stage) -> dict[str, Any]:
    """The security rules before the app's environment, by name."""
    return {one["name"]: one["properties"] for one in stage.properties(GROUP)["securityRules"]}


def evidence(stage: Stage) -> Any:
    """What was kept, as it lies in the blob; None when nothing was."""
    platform = contoso().platform
    found = stage.azure.blobs.names(platform.records_account_url, CONTAINER, "")
    return (
        json.loads(stage.azure.blobs.read(platform.records_account_url, CONTAINER, found[0]) or b"")
        if found
        else None
    )
