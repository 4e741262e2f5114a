"""The primary gets what runs in the recovery region, and stands ready before tenants come."""

from infra.local.azure.contoso import IMAGE
from shared.actions.container_apps.deploy_container_apps import deploy_container_apps
from shared.actions.container_apps.restore_container_app import restore_container_app
from shared.model.estate import ContainerApp
from shared.model.plan import Step
from tests.shared.actions.changes_once import BeginsOperations, Scenario, contoso, refused
from tests.shared.actions.stage import Stage

NEWER = IMAGE.partition("@")[0] + "@sha256:" + "7" * 64


def app() -> ContainerApp:
    return contoso().of_kind(ContainerApp)[0]


def restore() -> Step:
    return restore_container_app.step(service=app())


def image(stage: Stage) -> str:
    return stage.properties(app().resource_id)["template"]["containers"][0]["image"]


def run_in_the_west(stage: Stage, wanted: str) -> None:
    """The copy of a recovery, in which another image was deployed since; the registry has both."""
    stage.carry_out(deploy_container_apps.step(service=app()))

    def deploy(resource: dict) -> None:
        resource["properties"]["template"]["containers"][0]["image"] = wanted

    stage.change(app().recovery_resource_id, deploy)
    digests = {"digests": [one.partition("@")[2] for one in (IMAGE, NEWER)]}
    stage.lab.inside(lambda world: world.table("repository").put(IMAGE.partition("@")[0], digests))


def newer_in_the_west(stage: Stage) -> None:
    run_in_the_west(stage, NEWER)


def newer_at_home(stage: Stage) -> None:
    assert image(stage) == NEWER
    scale = stage.properties(app().resource_id)["template"]["scale"]
    assert (scale["minReplicas"], scale["maxReplicas"]) == (3, 10), "the primary's own"


class TestAfterADeploymentInTheOutage(BeginsOperations):
    scenario = Scenario(
        step=restore, prepare=newer_in_the_west, reached=newer_at_home, operation=app().resource_id
    )


def test_it_ends_only_when_every_replica_runs(stage: Stage) -> None:
    newer_in_the_west(stage)
    done = stage.carry_out(restore(), poll=2)
    assert done.outcome.evidence == {"image": NEWER, "replicas": 3}
    assert any("of 3 replicas run" in summary for summary in done.summaries)


def test_the_same_image_is_left_as_it_is(stage: Stage) -> None:
    run_in_the_west(stage, IMAGE)
    stage.from_now()
    assert not stage.carry_out(restore()).outcome.changed
    assert stage.writes == []


def test_without_a_copy_the_primary_is_only_looked_at(stage: Stage) -> None:
    stage.from_now()
    assert stage.carry_out(restore()).outcome.evidence["image"] == IMAGE
    assert stage.writes == []


def test_a_tag_is_not_taken_over(stage: Stage) -> None:
    run_in_the_west(stage, "acrfasprod.azurecr.io/agent-service:latest")
    refused(stage, restore(), "agent-service:latest in japanwest, a tag that may mean another image tomorrow")
    assert image(stage) == IMAGE


def test_a_primary_that_is_gone_is_not_guessed(stage: Stage) -> None:
    stage.lab.inside(lambda world: world.resources.delete(app().resource_id))
    refused(stage, restore(), "is gone: deploy it from its template")


def test_one_that_never_answers_is_told_after_a_while(stage: Stage) -> None:
    stage.lab.fault("endpoint_down", stage.azure.container_apps.app(app().resource_id).fqdn)  # pyright: ignore[reportOptionalMemberAccess]
    refused(stage, restore(), r"not ready after 0:15:00: /health answers .*; look at its revision's logs")
