"""What would stop a recovery is found before anything is touched, all of it at once."""

from datetime import timedelta

import pytest

from shared.actions.container_apps.deploy_container_apps import deploy_container_apps
from shared.actions.readiness.validate_dr_region import validate_dr_region
from shared.model.estate import AiSearch, ContainerApp, CosmosDb, KeyVault, MlWorkspace, OpenAi, Storage
from shared.model.plan import Mode, Step
from shared.model.severity import Severity
from tests.shared.actions.changes_once import contoso, refused
from tests.shared.actions.stage import Stage, StepFailed, services_in


def validate(*services: object, **params: object) -> Step:
    return validate_dr_region.step(
        region="japanwest", services=services or services_in("japaneast"), **params
    )


def of(kind: type, **changes: object) -> object:
    return contoso().of_kind(kind)[0].model_copy(update=changes)


@pytest.mark.parametrize("mode", Mode)
def test_a_region_that_is_ready_passes_and_nothing_is_written(stage: Stage, mode: Mode) -> None:
    stage.lab.advance(30)
    if mode is Mode.REAL:
        stage.outage()
        stage.lab.advance(30)
    done = stage.carry_out(validate(), mode=mode)
    assert done.outcome.findings == ()
    assert not done.outcome.changed
    assert "japanwest can take over 6 services: no gaps" in done.outcome.summary
    assert stage.writes == []


def test_it_asks_what_the_deployment_would_change(stage: Stage) -> None:
    began = stage.now
    done = stage.carry_out(validate(), poll=5)
    assert "asking what the deployment would change" in done.summaries[0]
    assert (stage.now - began).total_seconds() >= 30


def test_every_gap_is_told_at_once_with_what_to_do(stage: Stage) -> None:
    stage.lab.inside(
        lambda world: world.resources.delete(contoso().of_kind(ContainerApp)[0].recovery_environment_id)
    )
    stage.lab.fault("endpoint_down", "kv-fas-japanwest.vault.azure.net")
    services = (
        of(CosmosDb, recovery_region="westus2"),
        of(ContainerApp),
        of(AiSearch, snapshot_container="elsewhere"),
        of(KeyVault),
    )
    stage.from_now()
    with pytest.raises(StepFailed) as caught:
        stage.carry_out(validate_dr_region.step(region="westus2", services=services))
    said = str(caught.value)
    assert "agents-db has no replica in westus2 (add westus2 to the account)" in said
    assert "environment cae-fas-japanwest is missing (deploy the environment)" in said
    assert "agent-search: no agents-v1/manifest.json in elsewhere" in said
    assert "agent-secrets: list secrets on https://kv-fas-japanwest.vault.azure.net: no answer" in said
    assert stage.writes == []


def test_a_certificate_that_the_recovery_environment_lacks_is_a_gap(stage: Stage) -> None:
    app = contoso().of_kind(ContainerApp)[0]
    certificate = f"{app.recovery_environment_id}/certificates/fas-contoso-com"
    stage.lab.inside(lambda world: world.resources.delete(certificate))
    refused(
        stage, validate(), "certificate fas-contoso-com is not in the recovery environment .upload it there"
    )


def test_a_region_without_capacity_cannot_take_over(stage: Stage) -> None:
    stage.lab.fault("no_capacity", "japanwest")
    refused(stage, validate(), "japanwest cannot take over: agent-service needs 3 cores")


def test_a_what_if_that_fails_is_asked_again_and_then_its_reason_is_told(stage: Stage) -> None:
    stage.lab.fault("lro_failed", "whatIf", count=1)
    assert stage.carry_out(validate()).outcome.findings == ()
    stage.lab.fault("lro_failed", "whatIf", code="InvalidTemplate", message="it cannot be")
    refused(stage, validate(), r"failed 3 times, at last with: InvalidTemplate: it cannot be")


def test_a_quota_that_is_too_small_is_named_with_its_numbers(stage: Stage) -> None:
    service = of(ContainerApp, recovery_replicas=300)
    refused(
        stage, validate(service), r"agent-service needs 300 cores in japanwest, the quota leaves \d+ .ask for"
    )


def test_an_image_by_tag_is_found_before_anything_moves(stage: Stage) -> None:
    def tag(resource: dict) -> None:
        resource["properties"]["template"]["containers"][0]["image"] = "acrfasprod.azurecr.io/agent-service:1"

    stage.change(contoso().of_kind(ContainerApp)[0].resource_id, tag)
    refused(stage, validate(), "a tag that may mean another image tomorrow")


def test_a_copy_that_lags_and_an_old_snapshot_are_findings_not_stops(stage: Stage) -> None:
    stage.lab.advance(60)
    stage.outage()
    stage.lab.advance(3600)
    step = validate(
        of(Storage, data_loss_limit=timedelta(minutes=1)), of(AiSearch), snapshot_age_limit="PT1M"
    )
    findings = stage.carry_out(step).outcome.findings
    assert {(found.severity, found.resource.rsplit("/", 1)[-1]) for found in findings} == {
        (Severity.HIGH, "stfasprod"),
        (Severity.MEDIUM, "srch-fas-japaneast"),
    }
    assert all(found.recommendation for found in findings)


def test_what_was_lost_is_measured_from_the_outage(stage: Stage) -> None:
    stage.lab.advance(60)
    stage.outage()
    began = stage.now
    stage.lab.advance(3600)
    assert stage.carry_out(validate(of(Storage), outage_started_at=began)).outcome.findings == ()


def test_findings_outlive_the_wait_for_the_what_if(stage: Stage) -> None:
    stage.lab.advance(30)
    step = validate(snapshot_age_limit="PT1M")
    done = stage.carry_out(step, poll=10)
    assert len(done.summaries) >= 2
    assert len(done.outcome.findings) == 1


def test_the_recovery_region_being_out_too_stops_the_recovery(stage: Stage) -> None:
    stage.outage()
    stage.outage("japanwest")
    refused(stage, validate(), "japanwest cannot take over")


def test_one_lost_connection_is_tried_again(stage: Stage) -> None:
    fault = stage.lab.fault("endpoint_down", "kv-fas-japanwest.vault.azure.net")
    step = validate(of(KeyVault))
    with pytest.raises(Exception, match="no answer") as caught:
        stage.call_once(step, mode=Mode.REAL)
    assert caught.value.retryable
    stage.lab.end(fault)
    assert stage.carry_out(step).outcome.findings == ()


def test_throttling_is_waited_for_and_is_no_gap(stage: Stage) -> None:
    stage.lab.fault("throttle", "cosmos-fas-prod", count=1, retry_after=9)
    began = stage.now
    done = stage.carry_out(validate(of(CosmosDb)))
    assert len(done.errors) == 1
    assert (stage.now - began).total_seconds() >= 9


def test_it_passes_again_when_everything_is_there_already(stage: Stage) -> None:
    stage.carry_out(deploy_container_apps.step(service=of(ContainerApp)))
    stage.from_now()
    stage.carry_out(validate())
    assert stage.writes == []


def test_a_landing_zone_needs_quota_a_standby_workspace_and_its_data_where_azure_keeps_it(
    stage: Stage,
) -> None:
    stage.lab.advance(30)
    ready = validate_dr_region.step(region="westus2", services=services_in("eastus2"))
    assert "westus2 can take over 4 services: no gaps" in stage.carry_out(ready).outcome.summary
    stage.lab.fault("no_capacity", "westus2")
    nowhere = of(MlWorkspace, recovery_resource_id=contoso().of_kind(MlWorkspace)[0].resource_id + "-not")
    lake = next(store for store in contoso().of_kind(Storage) if store.hierarchical)
    services = (of(OpenAi), nowhere, lake.model_copy(update={"recovery_region": "westus2"}))
    said = (
        r"landing-openai: gpt-4 needs 80 .* westus2 leaves 0.*landing-openai: gpt-35-turbo.*"
        r"does not exist: deploy it from its template.*training-data has no copy in westus2"
    )
    refused(stage, validate_dr_region.step(region="westus2", services=services), said)
