import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.resource.deployments import DeploymentsMgmtClient
from azure.mgmt.resource.deployments.models import (
    Deployment,
    DeploymentProperties,
    DeploymentWhatIf,
    DeploymentWhatIfProperties,
)

from infra.local.azure.contoso import DOMAIN_WEST, IMAGE, SETTINGS, certificate_id

GROUP = "rg-fas-japanwest"
TEMPLATE = {
    "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
    "contentVersion": "1.0.0.0",
    "parameters": {
        "image": {"type": "string"},
        "environment": {"type": "string", "defaultValue": "[concat('cae-fas-', resourceGroup().location)]"},
        "minReplicas": {"type": "int", "defaultValue": 3},
        "settings": {"type": "array"},
        "apiKey": {"type": "securestring", "defaultValue": ""},
        "greeting": {"type": "securestring", "defaultValue": ""},
    },
    "variables": {"app": "[format('{0}-{1}', 'ca', 'agent-service')]"},
    "resources": [
        {
            "type": "Microsoft.App/containerApps",
            "apiVersion": "2025-01-01",
            "name": "[variables('app')]",
            "location": "[resourceGroup().location]",
            "properties": {
                "managedEnvironmentId": "[resourceId('Microsoft.App/managedEnvironments', parameters('environment'))]",
                "configuration": {
                    "ingress": {
                        "external": True,
                        "targetPort": 8080,
                        "customDomains": [
                            {
                                "name": "api.fas.contoso.com",
                                "bindingType": "SniEnabled",
                                "certificateId": certificate_id(GROUP, "cae-fas-japanwest"),
                            }
                        ],
                    }
                },
                "template": {
                    "containers": [
                        {"name": "agent", "image": "[parameters('image')]", "env": "[parameters('settings')]"}
                    ],
                    "scale": {"minReplicas": "[parameters('minReplicas')]", "maxReplicas": 10},
                },
            },
        }
    ],
    "outputs": {"app": {"type": "string", "value": "[variables('app')]"}},
}
ENV = [{"name": name, "value": value} for name, value in SETTINGS.items()]


@pytest.fixture
def deployments(azure):
    with azure.client(DeploymentsMgmtClient) as client:
        yield client.deployments


def values(**parameters):
    given = {"image": IMAGE, "settings": ENV, **parameters}
    return {
        "mode": "Incremental",
        "template": TEMPLATE,
        "parameters": {k: {"value": v} for k, v in given.items()},
    }


def deployment(**parameters):
    return Deployment(properties=DeploymentProperties(values(**parameters)))


def what_if(**parameters):
    return DeploymentWhatIf(properties=DeploymentWhatIfProperties(values(**parameters)))


def compare(azure, deployments, **parameters):
    return azure.finish(lambda: deployments.begin_what_if(GROUP, "dr", what_if(**parameters)), 30)


def test_deployment_brings_the_app_up_in_its_time(azure, deployments):
    poller = deployments.begin_create_or_update(GROUP, "dr", deployment())
    address = f"https://ca-agent-service.{DOMAIN_WEST}/health"
    azure.advance(239)
    assert deployments.get(GROUP, "dr").properties.provisioning_state == "Running"
    assert azure.get(address).status_code == 404
    azure.advance(1)
    result = poller.result(timeout=20)
    assert result.properties.provisioning_state == "Succeeded"
    assert result.properties.outputs == {"app": {"type": "string", "value": "ca-agent-service"}}
    assert azure.get(address).json()["region"] == "japanwest"
    assert deployments.check_existence(GROUP, "dr")
    assert not deployments.check_existence(GROUP, "other")


def test_operations_tell_how_each_resource_fares(azure, deployments):
    with azure.client(DeploymentsMgmtClient) as client:
        poller = client.deployments.begin_create_or_update(GROUP, "dr", deployment())
        (step,) = client.deployment_operations.list(GROUP, "dr")
        assert step.properties.provisioning_state == "Running"
        assert step.properties.target_resource.resource_name == "ca-agent-service"
        azure.advance(240)
        poller.result(timeout=20)
        (step,) = client.deployment_operations.list(GROUP, "dr")
        assert step.properties.provisioning_state == "Succeeded"


def test_what_if_tells_the_truth_and_changes_nothing(azure, deployments):
    (change,) = [one for one in compare(azure, deployments).changes if one.change_type != "Ignore"]
    assert (change.change_type, change.resource_id.rsplit("/", 1)[1]) == ("Create", "ca-agent-service")
    assert not [
        name for name in azure.truth()["resources"] if name.endswith("rg-fas-japanwest/containerApps")
    ]
    azure.finish(lambda: deployments.begin_create_or_update(GROUP, "dr", deployment()), 240)
    (same,) = [one for one in compare(azure, deployments).changes if one.change_type != "Ignore"]
    assert same.change_type == "NoChange"
    (other,) = [
        one for one in compare(azure, deployments, minReplicas=5).changes if one.change_type != "Ignore"
    ]
    assert other.change_type == "Modify"
    assert [(one.path, one.before, one.after) for one in other.delta] == [
        ("properties.template.scale.minReplicas", 3, 5)
    ]


def test_same_name_is_refused_while_it_runs_and_taken_afterwards(azure, deployments):
    deployments.begin_create_or_update(GROUP, "dr", deployment(), polling=False)
    with pytest.raises(HttpResponseError) as failure:
        deployments.begin_create_or_update(GROUP, "dr", deployment())
    assert (failure.value.status_code, failure.value.error.code) == (409, "DeploymentActive")
    azure.advance(240)
    result = azure.finish(lambda: deployments.begin_create_or_update(GROUP, "dr", deployment()), 60)
    assert result.properties.provisioning_state == "Succeeded"


def test_wrong_templates_are_refused(deployments):
    for wrong in ({"unknown": 1}, {"minReplicas": "three"}):
        with pytest.raises(HttpResponseError) as failure:
            deployments.begin_validate(GROUP, "dr", deployment(**wrong)).result(timeout=20)
        assert failure.value.error.code == "InvalidTemplate"
    assert deployments.begin_validate(GROUP, "dr", deployment()).result(timeout=20).error is None


def test_region_without_capacity_refuses_and_fails(azure, deployments):
    fault = azure.fault("no_capacity", "japanwest")
    with pytest.raises(HttpResponseError) as failure:
        deployments.begin_validate(GROUP, "dr", deployment()).result(timeout=20)
    assert failure.value.error.details[0].code == "SkuNotAvailable"
    assert compare(azure, deployments).error.details[0].code == "SkuNotAvailable"
    with pytest.raises(HttpResponseError):
        deployments.begin_create_or_update(GROUP, "dr", deployment())
    azure.end(fault)
    poller = deployments.begin_create_or_update(GROUP, "dr", deployment())
    azure.fault("no_capacity", "japanwest")
    azure.advance(240)
    with pytest.raises(HttpResponseError) as failure:
        poller.result(timeout=20)
    assert failure.value.error.code == "DeploymentFailed"
    found = deployments.get(GROUP, "dr").properties
    assert (found.provisioning_state, found.error.details[0].code) == ("Failed", "SkuNotAvailable")


def test_secure_parameters_are_shown_nowhere(azure, deployments):
    secrets = {"apiKey": "hunter2", "greeting": "hunter2"}
    compare(azure, deployments, **secrets)
    azure.finish(lambda: deployments.begin_create_or_update(GROUP, "dr", deployment(**secrets)), 240)
    assert deployments.get(GROUP, "dr").properties.parameters["apiKey"] == {"type": "securestring"}
    assert "hunter2" not in str(azure.ledger())
    assert "hunter2" not in str(azure.truth())


def test_what_if_of_a_region_that_is_out_says_so(azure, deployments):
    azure.outage("japanwest")
    assert compare(azure, deployments).error.details[0].code == "ServiceUnavailable"
