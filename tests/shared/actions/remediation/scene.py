"""The agent service as remediation meets it: hung, and cured by new replicas."""

from infra.local.azure import World
from infra.local.azure.core.clock import iso
from infra.local.azure.services.container_apps import model
from shared.actions.proof import Healthy, Proof
from shared.model.estate import ContainerApp
from tests.shared.actions.changes_once import contoso
from tests.shared.actions.stage import Stage

APP = contoso().of_kind(ContainerApp)[0]
HEALTH = str(APP.health_url)
ONCE = Proof(conditions=(Healthy(url=HEALTH),), in_a_row=1)
TWICE = Proof(conditions=(Healthy(url=HEALTH),))


def hang(stage: Stage) -> None:
    """Every replica that runs now stops answering, and stays."""

    def work(world: World) -> None:
        for revision in model.revisions(world, APP.resource_id):
            row = world.table("replica").get(revision["id"])
            if row:
                world.table("replica").put(
                    revision["id"], {"replicas": [{**one, "ready": None} for one in row["replicas"]]}
                )

    stage.lab.advance(30)
    stage.lab.inside(work)
    stage.lab.advance(30)


def answers(stage: Stage) -> bool:
    return stage.azure.probe(HEALTH).healthy


def replicas(stage: Stage) -> set[str]:
    def work(world: World) -> list[str]:
        return [
            one["name"]
            for revision in model.revisions(world, APP.resource_id)
            for one in model.replicas(world, revision["id"])
        ]

    return set(stage.lab.inside(work))


def trouble(stage: Stage, kind: str, target: str, **details: object) -> str:
    """A fault that only telemetry tells of, from now on."""

    def work(world: World) -> str:
        fault = {
            "id": world.new_id(),
            "kind": kind,
            "target": target,
            "started_at": iso(world.now),
            "started": world.now,
            "hits": 0,
            **details,
        }
        world.table("fault").put(fault["id"], fault)
        return fault["id"]

    return stage.lab.inside(work)
