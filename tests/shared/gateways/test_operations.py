"""Long-running operations are values: begun once, kept as JSON, asked about by whoever comes next."""

import json

import pytest

from shared.errors import AzureCallFailed
from shared.gateways.operations import Operation
from shared.model.estate import ContainerApp, CosmosDb, Storage
from tests.shared.actions.stage import Stage, contoso

TEMPLATE = {
    "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
    "contentVersion": "1.0.0.0",
    "resources": [],
}


def cosmos(stage: Stage) -> Operation:
    account = stage.azure.cosmos.account(contoso().of_kind(CosmosDb)[0].resource_id)
    operation = stage.azure.cosmos.fail_over_gracefully(account, "japanwest")
    assert operation
    return operation


def storage(stage: Stage) -> Operation:
    account = stage.azure.storage.account(contoso().of_kind(Storage)[0].resource_id)
    operation = stage.azure.storage.fail_over(account, planned=True)
    assert operation
    return operation


KINDS = {"status": cosmos, "location": storage}


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_begun_once_and_asked_about_by_a_later_process(stage: Stage, kind: str) -> None:
    operation = KINDS[kind](stage)
    assert operation.kind == kind
    kept = Operation.from_wire(json.loads(json.dumps(operation.to_wire())))
    assert stage.azure.operation(kept).status == "running"
    stage.lab.advance(301)
    assert stage.azure.operation(kept).status == "succeeded"
    assert len(stage.writes) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_its_failure_is_an_answer_with_the_reason(stage: Stage, kind: str) -> None:
    stage.lab.fault("lro_failed", "*", code="Conflict", message="the backend was busy")
    operation = KINDS[kind](stage)
    stage.lab.advance(301)
    state = stage.azure.operation(operation)
    assert (state.status, state.detail) == ("failed", "Conflict: the backend was busy")


@pytest.mark.parametrize("kind", KINDS)
def test_one_that_nobody_remembers_is_over(stage: Stage, kind: str) -> None:
    operation = KINDS[kind](stage)
    url = operation.url.replace(
        operation.url.split("/")[-1].split("?")[0], "00000000-0000-0000-0000-000000000000"
    )
    state = stage.azure.operation(Operation(url=url, kind=operation.kind))
    assert state.status == "failed"
    assert "was not found" in state.detail


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_trouble_with_asking_is_not_the_operations_failure(stage: Stage, status: int) -> None:
    operation = cosmos(stage)
    stage.lab.fault("error", "operationStatuses", status=status)
    with pytest.raises(AzureCallFailed) as caught:
        stage.azure.operation(operation)
    assert caught.value.status == status
    assert caught.value.retryable == (status >= 429)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/x",
        "https://management.azure.com.evil.example/x",
        "https://evil.example/management.azure.com",
        "https://management.azure.com@evil.example/x",
        "https://evilmanagement.azure.com/x",
        "/subscriptions/x",
    ],
)
def test_a_poll_address_that_is_not_azures_is_refused(stage: Stage, url: str) -> None:
    stage.from_now()
    with pytest.raises(ValueError, match="no address of Azure Resource Manager's"):
        stage.azure.operation(Operation(url=url, kind="status"))


def test_the_signature_in_a_poll_address_is_in_no_message(stage: Stage) -> None:
    operation = cosmos(stage)
    stage.lab.fault("error", "operationStatuses", status=503)
    with pytest.raises(AzureCallFailed) as caught:
        stage.azure.operation(Operation(url=f"{operation.url}&t=1&s=signed-by-azure", kind="status"))
    assert "signed-by-azure" not in str(caught.value)
    assert "operationStatuses" in str(caught.value)


def test_a_token_is_never_sent_in_the_clear(stage: Stage) -> None:
    with pytest.raises(AzureCallFailed, match=r"TLS|https"):
        stage.azure.operation(Operation(url="http://management.azure.com/x", kind="status"))


def test_a_deployment_that_failed_says_what_failed_inside(stage: Stage) -> None:
    app = contoso().of_kind(ContainerApp)[0]
    stage.lab.fault(
        "lro_failed", "Microsoft.App/containerApps", code="ImagePullFailed", message="no such image"
    )
    production = stage.azure.container_apps.app(app.resource_id)
    assert production
    from shared.planners.container_app_template import container_app_template

    template = container_app_template(app, production.document, image=production.image)
    operation = stage.azure.deployments.deploy("rg-fas-japanwest", "d", template)
    assert operation
    stage.lab.advance(300)
    detail = stage.azure.operation(operation).detail
    assert detail.startswith("DeploymentFailed: ")
    assert "ImagePullFailed: no such image" in detail
    found = stage.azure.deployments.find("rg-fas-japanwest", "d")
    assert found
    assert found.state == "failed"


def test_a_deployment_tells_how_it_is_doing(stage: Stage) -> None:
    stage.azure.deployments.deploy("rg-fas-japanwest", "d", TEMPLATE)
    running = stage.azure.deployments.find("rg-fas-japanwest", "d")
    stage.lab.advance(20)
    over = stage.azure.deployments.find("rg-fas-japanwest", "d")
    assert running
    assert over
    assert (running.state, over.state) == ("running", "succeeded")


def test_what_if_changes_nothing(stage: Stage) -> None:
    operation = stage.azure.deployments.what_if("rg-fas-japanwest", "d", TEMPLATE)
    assert operation
    assert stage.azure.operation(operation).status == "running"
    stage.lab.advance(31)
    state = stage.azure.operation(operation)
    assert state.status == "succeeded"
    assert stage.writes == []
