"""A copy that is missing, failed or behind."""

from shared.actions.diagnosis.diagnose_registry_sync import diagnose_registry_sync
from tests.shared.actions.stage import Stage, contoso

SECURITY = contoso().security
assert SECURITY
REGISTRY = SECURITY.images[0].registry_id
WEST = f"{REGISTRY}/replications/japanwest"
LOOK = diagnose_registry_sync.step(registry_id=REGISTRY, regions=("japaneast", "japanwest"))


def titles(stage: Stage) -> list[str]:
    return [one.title for one in stage.carry_out(LOOK).outcome.findings]


def test_copies_that_are_ready_have_nothing_wrong(stage: Stage) -> None:
    assert titles(stage) == []
    assert stage.writes == []


def test_one_that_is_behind_is_waited_for(stage: Stage) -> None:
    stage.change(WEST, lambda one: one["properties"].update(status={"displayStatus": "Syncing"}))
    (found,) = stage.carry_out(LOOK).outcome.findings
    assert found.title == "the copy in japanwest is Syncing"
    assert found.recommendation.startswith("wait five minutes before deploying to japanwest")


def test_one_that_failed_or_is_missing(stage: Stage) -> None:
    stage.change(WEST, lambda one: one["properties"].update(provisioningState="Failed"))
    assert titles(stage) == ["the copy in japanwest has failed"]
    stage.lab.inside(lambda world: world.resources.delete(WEST))
    assert titles(stage) == ["there is no copy in japanwest"]
