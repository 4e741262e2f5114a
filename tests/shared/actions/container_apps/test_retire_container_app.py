"""The copy goes when production answers again, and only a copy that a recovery made."""

from shared.actions.container_apps.deploy_container_apps import deploy_container_apps
from shared.actions.container_apps.retire_container_app import retire_container_app
from shared.model.estate import ContainerApp
from shared.model.plan import Mode, Step
from tests.shared.actions.changes_once import ChangesOnce, Scenario, contoso, refused
from tests.shared.actions.stage import Stage


def app() -> ContainerApp:
    return contoso().of_kind(ContainerApp)[0]


def retire() -> Step:
    return retire_container_app.step(service=app())


def deployed(stage: Stage) -> None:
    stage.carry_out(deploy_container_apps.step(service=app()))


def gone(stage: Stage) -> None:
    assert not stage.exists(app().recovery_resource_id)
    assert stage.exists(app().resource_id)


class TestAfterADrill(ChangesOnce):
    scenario = Scenario(step=retire, mode=Mode.DRILL, prepare=deployed, reached=gone)


def test_the_copy_stays_while_production_is_out(stage: Stage) -> None:
    deployed(stage)
    stage.outage()
    refused(stage, retire(), "does not answer in japaneast: its copy stays where it is")
    assert stage.exists(app().recovery_resource_id)


def test_an_app_that_was_always_there_stays(stage: Stage) -> None:
    deployed(stage)
    stage.change(app().recovery_resource_id, lambda resource: resource["tags"].pop("recovered-from"))
    stage.from_now()
    done = stage.carry_out(retire())
    assert not done.outcome.changed
    assert stage.writes == []
    assert stage.exists(app().recovery_resource_id)
