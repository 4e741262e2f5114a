"""Tenants are led only to what is healthy, and the step is over when resolvers really answer the new target."""

import pytest

from infra.local.azure.contoso import DOMAIN_EAST, DOMAIN_WEST
from shared.actions.container_apps.deploy_container_apps import deploy_container_apps
from shared.actions.traffic.update_dns_records import update_dns_records
from shared.errors import CheckFailed
from shared.model.estate import ContainerApp, TrafficRoute
from shared.model.outcome import Pending
from shared.model.plan import Mode, Step
from tests.shared.actions.changes_once import ChangesOnce, Scenario, contoso, refused
from tests.shared.actions.stage import Stage

EAST, WEST = f"ca-agent-service.{DOMAIN_EAST}", f"ca-agent-service.{DOMAIN_WEST}"
RESOLVERS = ("cloudflare-dns.com", "dns.google")


def route() -> TrafficRoute:
    return contoso().of_kind(TrafficRoute)[0]


def app() -> ContainerApp:
    return contoso().of_kind(ContainerApp)[0]


def move() -> Step:
    return update_dns_records.step(route=route(), app=app(), from_region="japaneast", to_region="japanwest")


def back() -> Step:
    return update_dns_records.step(route=route(), app=app(), from_region="japanwest", to_region="japaneast")


def believed(stage: Stage) -> list[str]:
    """What the resolvers that the estate names still hold."""
    held = stage.truth["dns"]["resolvers"]
    return [
        row["data"][0].rstrip(".")
        for key, row in held.items()
        if key.startswith(RESOLVERS) and "trafficmanager" in key
    ]


def leads_to(stage: Stage) -> str:
    return stage.truth["dns"]["authoritative"]["api.fas.contoso.com"][-1]


def led_west(stage: Stage) -> None:
    assert leads_to(stage) == WEST
    answers = [stage.azure.traffic.resolve(resolver, route().dns_name) for resolver in route().resolvers]
    assert [answer.target for answer in answers] == [WEST, WEST]


def led_east(stage: Stage) -> None:
    assert leads_to(stage) == EAST


def deployed(stage: Stage) -> None:
    stage.carry_out(deploy_container_apps.step(service=app()))


def deployed_in_an_outage(stage: Stage) -> None:
    stage.outage()
    deployed(stage)


def moved(stage: Stage) -> None:
    deployed(stage)
    stage.carry_out(move(), mode=Mode.DRILL)


class TestInAnOutage(ChangesOnce):
    scenario = Scenario(step=move, prepare=deployed_in_an_outage, reached=led_west)


class TestBackAgain(ChangesOnce):
    scenario = Scenario(step=back, mode=Mode.DRILL, prepare=moved, reached=led_east)


def test_it_waits_for_the_longest_cache_of_any_resolver(stage: Stage) -> None:
    deployed(stage)
    began = stage.now
    done = stage.carry_out(move(), poll=5)
    assert 60 <= (stage.now - began).total_seconds() <= 75
    assert any("2 of 2 resolvers do not lead" in summary for summary in done.summaries)
    assert set(believed(stage)) == {WEST}


def test_the_new_region_is_enabled_before_the_old_one_is_left(stage: Stage) -> None:
    deployed(stage)
    stage.from_now()
    stage.carry_out(move())
    assert [
        (write["path"].rsplit("/", 1)[-1], write["body"]["properties"]["endpointStatus"])
        for write in stage.writes
    ] == [
        ("japanwest", "Enabled"),
        ("japaneast", "Disabled"),
    ]


def test_nobody_is_led_to_an_app_that_is_not_there(stage: Stage) -> None:
    stage.outage()
    refused(stage, move(), "has no address to lead tenants to: deploy it, then retry")
    led_east(stage)


@pytest.mark.parametrize("fault", ["endpoint_down", "region_outage"])
def test_nobody_is_led_to_what_does_not_answer(stage: Stage, fault: str) -> None:
    deployed(stage)
    stage.lab.fault(fault, WEST if fault == "endpoint_down" else "japanwest")
    refused(stage, move(), "is not healthy .no answer .*tenants stay where they are")
    led_east(stage)


def test_nobody_is_led_to_an_app_without_replicas(stage: Stage) -> None:
    deployed(stage)

    def stop(resource: dict) -> None:
        resource["properties"]["runningStatus"] = "Stopped"

    stage.change(app().recovery_resource_id, stop)
    refused(stage, move(), "is not healthy .403")


def test_the_way_back_is_checked_as_well(stage: Stage) -> None:
    moved(stage)
    stage.outage()
    refused(stage, back(), f"{EAST} is not healthy", mode=Mode.DRILL)
    assert leads_to(stage) == WEST


def test_a_name_that_leads_elsewhere_is_left_alone(stage: Stage) -> None:
    deployed(stage)

    def lead(resource: dict) -> None:
        resource["properties"]["CNAMERecord"]["cname"] = "somewhere.example.net"

    stage.change(f"{route().zone_id}/CNAME/api", lead)
    refused(stage, move(), "leads to somewhere.example.net, not to tm-fas.trafficmanager.net")


def test_a_profile_without_the_endpoint_is_said_to_lack_it(stage: Stage) -> None:
    deployed(stage)
    other = route().model_copy(update={"endpoints": {"japaneast": "japaneast", "japanwest": "nowhere"}})
    step = update_dns_records.step(route=other, app=app(), from_region="japaneast", to_region="japanwest")
    refused(stage, step, "has no endpoint for japanwest: add it, then retry")


def test_a_resolver_that_is_away_holds_up_nobody_for_long(stage: Stage) -> None:
    deployed(stage)
    stage.lab.fault("endpoint_down", "dns.google")
    began = stage.now
    done = stage.carry_out(move())
    assert (stage.now - began).total_seconds() <= 180
    assert done.outcome.evidence["silent"] == ["https://dns.google/resolve"]
    assert "dns.google/resolve did not answer" in done.outcome.summary
    assert leads_to(stage) == WEST


def test_without_any_resolver_it_is_never_said_that_they_know(stage: Stage) -> None:
    deployed(stage)
    for host in RESOLVERS:
        stage.lab.fault("endpoint_down", host)
    with pytest.raises(AssertionError, match=r"goes on for ever.*2 of 2 resolvers do not lead"):
        stage.carry_out(move())


def test_a_switch_that_somebody_sets_back_is_said_and_not_fought_over(stage: Stage) -> None:
    deployed(stage)
    switched = stage.call_once(move(), mode=Mode.REAL)
    assert isinstance(switched, Pending)

    def back_again(resource: dict) -> None:
        resource["properties"]["endpointStatus"] = "Enabled"

    stage.change(f"{route().resource_id}/externalEndpoints/japaneast", back_again)
    stage.from_now()
    with pytest.raises(
        CheckFailed, match=r"no longer leads api\.fas\.contoso\.com to japanwest.*who sets it back"
    ):
        stage.call_once(move(), mode=Mode.REAL, progress=switched.progress)
    assert stage.writes == []


def test_a_route_without_an_app_leads_to_what_its_endpoints_name(stage: Stage) -> None:
    route = contoso().of_kind(TrafficRoute)[1]
    stage.lab.advance(30)
    step = update_dns_records.step(route=route, from_region="eastus2", to_region="westus2")
    stage.carry_out(step)
    led = stage.truth["dns"]["authoritative"]["ml-inference.contoso.com"][-1]
    assert led == "aks-prod-ai-inference.westus2.cloudapp.azure.com"
