"""What resolvers say, and what Traffic Manager is told."""

import pytest

from infra.local.azure.contoso import DOMAIN_EAST
from shared.errors import AzureCallFailed
from shared.model.estate import TrafficRoute
from tests.shared.actions.stage import Stage, contoso

ROUTE = contoso().of_kind(TrafficRoute)[0]


@pytest.mark.parametrize("resolver", ROUTE.resolvers)
def test_a_resolver_tells_the_whole_chain(stage: Stage, resolver: str) -> None:
    answer = stage.azure.traffic.resolve(resolver, ROUTE.dns_name)
    assert answer.targets == ("tm-fas.trafficmanager.net", f"ca-agent-service.{DOMAIN_EAST}")
    assert answer.target == f"ca-agent-service.{DOMAIN_EAST}"
    assert answer.ttl == 60


def test_a_name_that_nobody_knows_leads_nowhere(stage: Stage) -> None:
    answer = stage.azure.traffic.resolve(ROUTE.resolvers[0], "nobody.fas.contoso.com")
    assert (answer.targets, answer.target, answer.ttl) == ((), "", 0)


def test_a_resolver_that_answers_with_a_page_has_not_answered(stage: Stage) -> None:
    with pytest.raises(AzureCallFailed) as caught:
        stage.azure.traffic.resolve(
            f"https://ca-agent-service.{DOMAIN_EAST}/health/../nothing", ROUTE.dns_name
        )
    assert caught.value.operation == f"resolve {ROUTE.dns_name}"


def test_endpoints_are_read_as_they_are(stage: Stage) -> None:
    stage.lab.advance(30)
    profile = stage.azure.traffic.profile(ROUTE.resource_id)
    east, west = profile.endpoint("japaneast"), profile.endpoint("japanwest")
    assert (east.enabled, east.monitor, east.priority, east.kind.lower()) == (
        True,
        "Online",
        1,
        "externalendpoints",
    )
    assert (west.enabled, west.monitor) == (False, "Disabled")
    with pytest.raises(KeyError):
        profile.endpoint("nowhere")


def test_only_what_is_said_is_changed(stage: Stage) -> None:
    profile = stage.azure.traffic.profile(ROUTE.resource_id)
    west = profile.endpoint("japanwest")
    stage.azure.traffic.set_endpoint(profile, west, enabled=True)
    after = stage.azure.traffic.profile(ROUTE.resource_id).endpoint("japanwest")
    assert after.enabled
    assert (after.target, after.priority) == (west.target, west.priority)


def test_the_zone_s_own_record_is_read(stage: Stage) -> None:
    assert stage.azure.traffic.cname(ROUTE.zone_id, ROUTE.dns_name) == ("tm-fas.trafficmanager.net", 60)
