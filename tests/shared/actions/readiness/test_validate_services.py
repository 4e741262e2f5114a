"""Recovery is over when every tenant's whole transaction is answered, and from the recovery region."""

import pytest

from shared.actions.readiness.validate_services import validate_services
from shared.model.estate import TrafficRoute
from shared.model.plan import Step
from tests.shared.actions.changes_once import contoso, refused
from tests.shared.actions.stage import Stage, StepFailed, services_in


def validate(region: str) -> Step:
    return validate_services.step(services=services_in("japaneast"), tenants=contoso().tenants, region=region)


def test_each_tenant_makes_a_whole_transaction(stage: Stage) -> None:
    stage.lab.advance(5)
    done = stage.carry_out(validate("japaneast"))
    assert done.outcome.evidence["probes"] == [
        "agent-service",
        "front-door for contoso",
        "front-door for fabrikam",
    ]
    assert not done.outcome.changed
    assert stage.writes == []


def test_an_answer_from_the_other_region_proves_nothing(stage: Stage) -> None:
    refused(stage, validate("japanwest"), r"2 of 3 probes fail: front-door for contoso: 200 ok")


def test_what_fails_is_named_for_each_tenant(stage: Stage) -> None:
    stage.outage()
    with pytest.raises(StepFailed) as caught:
        stage.carry_out(validate("japanwest"))
    assert "3 of 3 probes fail: agent-service: no answer" in str(caught.value)
    assert "front-door for fabrikam: no answer" in str(caught.value)


def test_a_service_that_answers_but_lacks_what_it_needs_is_not_well(stage: Stage) -> None:
    stage.lab.fault("endpoint_down", "stfasprod.blob.core.windows.net")
    refused(stage, validate("japaneast"), "front-door for contoso: 503 failed")


def test_a_service_that_comes_back_meanwhile_passes(stage: Stage) -> None:
    fault = stage.lab.fault("endpoint_down", "stfasprod.blob.core.windows.net")
    advance = stage.lab.advance

    def healed(seconds: float) -> None:
        stage.lab.advance = advance
        stage.lab.end(fault)
        advance(seconds)

    stage.lab.advance = healed
    done = stage.carry_out(validate("japaneast"))
    assert len(done.errors) == 1


def test_answers_that_are_no_json_are_read_too(stage: Stage) -> None:
    stage.lab.fault("error", "api.fas.contoso.com", status=502)
    stage.change(
        contoso()
        .of_kind(TrafficRoute)[0]
        .resource_id.replace("trafficManagerProfiles/tm-fas", "dnsZones/fas.contoso.com")
        + "/CNAME/api",
        lambda resource: resource["properties"]["CNAMERecord"].update(
            cname="nothing.calmriver-8d13b7e6.japanwest.azurecontainerapps.io"
        ),
    )
    refused(stage, validate("japanwest"), r"agent-service: \d{3}|no answer")


def test_without_anything_to_ask_nothing_is_proved(stage: Stage) -> None:
    services = [service.model_copy(update={"health_url": None}) for service in contoso().services]
    step = validate_services.step(services=services, tenants=contoso().tenants, region="japaneast")
    refused(stage, step, "no service in japaneast has a health_url")


def test_a_front_door_without_tenants_is_asked_as_a_whole(stage: Stage) -> None:
    stage.lab.advance(30)
    step = validate_services.step(services=services_in("eastus2"), tenants=(), region="eastus2")
    done = stage.carry_out(step)
    assert done.outcome.evidence["probes"] == ["inference-api as a whole"]
    other = validate_services.step(services=services_in("eastus2"), tenants=(), region="westus2")
    refused(stage, other, "1 of 1 probes fail: inference-api as a whole: 200 ok")
