"""An intruder in the sample estate, and what a test needs to know of it; see `infra/.../security/intruder.py`."""

from datetime import datetime
from typing import Any

from infra.local.azure import World
from infra.local.azure.services.security import facts, keys
from shared.model.plan import Mode, Step
from tests.shared.actions.stage import Stage, contoso

APP = contoso().service("agent-service")
GROUP = f"{'/'.join(APP.resource_id.split('/')[:5])}/providers/Microsoft.Network/networkSecurityGroups/nsg-cae-fas-japaneast"
CONTAINER = "foundry-ops-evidence"
EAST, WEST = "https://kv-fas-japaneast.vault.azure.net", "https://kv-fas-japanwest.vault.azure.net"
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


def perform(stage: Stage, step: Step, *, mode: Mode = Mode.REAL) -> Any:
    """Carry a step out and hand back its outcome."""
    return stage.carry_out(step, mode=mode).outcome


__all__ = [
    "APP",
    "CONTAINER",
    "EAST",
    "GROUP",
    "SCOPES",
    "WEST",
    "broken_into",
    "facts",
    "intruder",
    "perform",
]
