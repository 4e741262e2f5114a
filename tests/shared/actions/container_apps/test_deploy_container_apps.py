"""The app comes up in the recovery region as it ran in production, before any tenant is led there."""

import pytest

from infra.local.azure.contoso import IMAGE
from shared.actions.container_apps.deploy_container_apps import deploy_container_apps, deployment_name
from shared.model.estate import ContainerApp
from shared.model.plan import Mode, Step
from tests.shared.actions.changes_once import BeginsOperations, Scenario, contoso, refused
from tests.shared.actions.stage import RUN_ID, Stage, StepFailed


def app() -> ContainerApp:
    return contoso().of_kind(ContainerApp)[0]


def deploy() -> Step:
    return deploy_container_apps.step(service=app())


def running(stage: Stage) -> int:
    """Replicas of the recovered app that really run, as Azure counts them."""
    there = stage.azure.container_apps.app(app().recovery_resource_id)
    return 0 if there is None else stage.azure.container_apps.running_replicas(there)


def runs_in_the_west(stage: Stage) -> None:
    properties = stage.properties(app().recovery_resource_id)
    (container,) = properties["template"]["containers"]
    assert container["image"] == IMAGE
    assert properties["managedEnvironmentId"] == app().recovery_environment_id
    assert properties["provisioningState"] == "Succeeded"
    assert running(stage) >= app().recovery_replicas


def east_is_out(stage: Stage) -> None:
    stage.lab.advance(10)
    stage.outage()


class TestInAnOutage(BeginsOperations):
    scenario = Scenario(
        step=deploy,
        prepare=east_is_out,
        reached=runs_in_the_west,
        operation="Microsoft.App/containerApps/ca-agent-service",
    )


def test_tenants_are_known_there_under_their_own_name(stage: Stage) -> None:
    stage.carry_out(deploy())
    configuration = stage.properties(app().recovery_resource_id)["configuration"]
    (domain,) = configuration["ingress"]["customDomains"]
    assert domain["name"] == "api.fas.contoso.com"
    assert domain["certificateId"].startswith(app().recovery_environment_id)


def test_too_few_replicas_are_brought_up(stage: Stage) -> None:
    stage.carry_out(deploy())
    small = {"minReplicas": 1, "maxReplicas": 10}

    def shrink(resource: dict) -> None:
        resource["properties"]["template"]["scale"] = small

    stage.change(app().recovery_resource_id, shrink)
    stage.from_now()
    done = stage.carry_out(deploy(), run_id="recovery-region_outage-20260102T000000-ffffffff")
    assert done.outcome.changed
    assert stage.properties(app().recovery_resource_id)["template"]["scale"]["minReplicas"] == 3
    runs_in_the_west(stage)


@pytest.mark.parametrize("what", ["image", "env"])
def test_a_copy_left_over_from_before_is_replaced(stage: Stage, what: str) -> None:
    stage.carry_out(deploy())
    old = {"image": IMAGE.replace("6b1f", "0000"), "env": [{"name": "SEARCH_ALIAS", "value": "old"}]}

    def age(resource: dict) -> None:
        resource["properties"]["template"]["containers"][0][what] = old[what]

    stage.change(app().recovery_resource_id, age)
    stage.carry_out(deploy(), run_id="recovery-region_outage-20260102T000000-ffffffff")
    (container,) = stage.properties(app().recovery_resource_id)["template"]["containers"]
    assert container[what] != old[what]
    runs_in_the_west(stage)


def test_what_vanished_after_this_very_deployment_is_deployed_again(stage: Stage) -> None:
    stage.carry_out(deploy())
    there = stage.azure.container_apps.app(app().recovery_resource_id)
    assert there
    stage.azure.container_apps.delete(there)
    stage.lab.advance(60)
    done = stage.carry_out(deploy())
    assert done.outcome.changed
    runs_in_the_west(stage)


def test_a_deployment_under_way_is_waited_for_though_nothing_of_it_is_there_yet(stage: Stage) -> None:
    class Call:
        step, key = "deploy_container_apps", f"{RUN_ID}/deploy_container_apps"

    empty = {"resources": []}
    stage.azure.deployments.deploy("rg-fas-japanwest", deployment_name(Call()), empty)
    stage.from_now()
    assert "goes on" in stage.call_once(deploy(), mode=Mode.REAL).summary
    assert stage.writes == []


def test_a_tag_is_no_image_to_recover_from(stage: Stage) -> None:
    def tag(resource: dict) -> None:
        resource["properties"]["template"]["containers"][0]["image"] = (
            "acrfasprod.azurecr.io/agent-service:1.2"
        )

    stage.change(app().resource_id, tag)
    refused(stage, deploy(), "a tag that may mean another image tomorrow: deploy it by digest")


def test_a_secret_whose_value_nobody_tells_is_named(stage: Stage) -> None:
    def secret(resource: dict) -> None:
        resource["properties"]["configuration"]["secrets"] = [
            {"name": "from-vault", "keyVaultUrl": "https://kv-fas-japaneast.vault.azure.net/secrets/x"},
            {"name": "plain-one"},
        ]

    stage.change(app().resource_id, secret)
    refused(stage, deploy(), "values of its secrets plain-one: let them refer to a Key Vault")


def test_without_production_there_is_nothing_to_deploy(stage: Stage) -> None:
    service = app().model_copy(update={"resource_id": app().resource_id + "-not"})
    refused(
        stage, deploy_container_apps.step(service=service), "does not exist, so there is nothing to deploy"
    )


def test_a_region_without_capacity_ends_with_its_own_words(stage: Stage) -> None:
    stage.lab.fault("no_capacity", "japanwest")
    with pytest.raises(StepFailed, match="not available in location 'japanwest'"):
        stage.carry_out(deploy())
    assert not stage.exists(app().recovery_resource_id)


def test_replicas_that_never_start_end_the_wait(stage: Stage) -> None:
    unknown = IMAGE.replace("6b1f", "0000")

    def break_it(resource: dict) -> None:
        resource["properties"]["template"]["containers"][0]["image"] = unknown

    stage.change(app().resource_id, break_it)
    with pytest.raises(StepFailed, match=r"not ready after 0:15:00: 0 of 3 replicas run; look at"):
        stage.carry_out(deploy(), poll=60)


def test_a_deployment_name_is_one_that_arm_takes(stage: Stage) -> None:
    class Call:
        step, key = "deploy_container_apps_" + "x" * 70, "run/step"

    name = deployment_name(Call())
    assert len(name) <= 64
    assert name.replace("-", "").replace("_", "").isalnum()
