import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.dns import DnsManagementClient
from azure.mgmt.dns.models import CnameRecord, RecordSet
from azure.mgmt.trafficmanager import TrafficManagerManagementClient
from azure.mgmt.trafficmanager.models import Endpoint

from infra.local.azure.contoso import DOMAIN_EAST

GROUP, ZONE, PROFILE = "rg-fas-global", "fas.contoso.com", "tm-fas"


@pytest.fixture
def dns(azure):
    with azure.client(DnsManagementClient) as client:
        yield client


@pytest.fixture
def manager(azure):
    with azure.client(TrafficManagerManagementClient) as client:
        yield client


def alias(target, ttl=60):
    return RecordSet(ttl=ttl, cname_record=CnameRecord(cname=target))


def ask(azure, resolver="cloudflare-dns.com/dns-query", name="api.fas.contoso.com", kind="CNAME"):
    answer = azure.get(
        f"https://{resolver}?name={name}&type={kind}", headers={"accept": "application/dns-json"}
    )
    assert answer.headers["content-type"] == "application/dns-json"
    return answer.json()


def test_record_sets_carry_etags_that_guard_them(dns):
    record = dns.record_sets.get(GROUP, ZONE, "api", "CNAME")
    assert (record.ttl, record.cname_record.cname) == (60, "tm-fas.trafficmanager.net")
    assert record.fqdn == "api.fas.contoso.com."
    changed = dns.record_sets.create_or_update(
        GROUP,
        ZONE,
        "api",
        "CNAME",
        alias("elsewhere.contoso.com"),
        if_match=record.etag,
    )
    assert changed.etag != record.etag
    with pytest.raises(HttpResponseError) as failure:
        dns.record_sets.create_or_update(
            GROUP,
            ZONE,
            "api",
            "CNAME",
            alias("third.contoso.com"),
            if_match=record.etag,
        )
    assert (failure.value.status_code, failure.value.error.code) == (412, "PreconditionFailed")
    assert dns.record_sets.get(GROUP, ZONE, "api", "CNAME").cname_record.cname == "elsewhere.contoso.com"


def test_records_are_listed_created_and_refused(dns):
    listed = {(one.type.rsplit("/", 1)[1], one.name) for one in dns.record_sets.list_by_dns_zone(GROUP, ZONE)}
    assert listed == {("CNAME", "api"), ("TXT", "asuid.api"), ("TXT", "@")}
    dns.record_sets.create_or_update(GROUP, ZONE, "new", "CNAME", alias("a.contoso.com"))
    assert len(list(dns.record_sets.list_by_type(GROUP, ZONE, "CNAME"))) == 2
    with pytest.raises(HttpResponseError):
        dns.record_sets.create_or_update(GROUP, ZONE, "@", "CNAME", alias("a.contoso.com"))
    dns.record_sets.delete(GROUP, ZONE, "new", "CNAME")
    with pytest.raises(ResourceNotFoundError):
        dns.record_sets.get(GROUP, ZONE, "new", "CNAME")


def test_each_resolver_keeps_its_answer_until_the_ttl_has_passed(azure, dns):
    assert ask(azure)["Answer"][0]["data"] == "tm-fas.trafficmanager.net."
    azure.advance(40)
    dns.record_sets.create_or_update(GROUP, ZONE, "api", "CNAME", alias("other.contoso.com"))
    assert ask(azure, "dns.google/resolve")["Answer"][0]["data"] == "other.contoso.com."
    old = ask(azure)["Answer"][0]
    assert (old["data"], old["TTL"]) == ("tm-fas.trafficmanager.net.", 20)
    azure.advance(20)
    assert ask(azure)["Answer"][0]["data"] == "other.contoso.com."


def test_resolvers_follow_aliases_and_know_what_is_not_there(azure):
    chain = ask(azure, kind="A")
    assert [one["type"] for one in chain["Answer"]] == [5, 5, 1]
    assert chain["Answer"][-1]["data"] == "20.89.12.41"
    assert ask(azure, name="asuid.api.fas.contoso.com", kind="TXT")["Answer"][0]["data"] == '"b9c7f3f0c0de"'
    assert ask(azure, name="nothing.fas.contoso.com")["Status"] == 3


def test_profile_shows_what_its_probes_found(azure, manager):
    azure.advance(30)
    profile = manager.profiles.get(GROUP, PROFILE)
    found = {one.name: (one.endpoint_status, one.endpoint_monitor_status) for one in profile.endpoints}
    assert found == {"japaneast": ("Enabled", "Online"), "japanwest": ("Disabled", "Disabled")}
    assert profile.monitor_config.profile_monitor_status == "Online"
    azure.outage()
    azure.advance(20)
    assert (
        manager.endpoints.get(GROUP, PROFILE, "ExternalEndpoints", "japaneast").endpoint_monitor_status
        == "Online"
    )
    azure.advance(20)
    endpoint = manager.endpoints.get(GROUP, PROFILE, "ExternalEndpoints", "japaneast")
    assert endpoint.endpoint_monitor_status == "Degraded"
    assert PROFILE in [one.name for one in manager.profiles.list_by_subscription()]


def test_endpoint_changes_at_once_and_its_probe_follows(azure, manager):
    change = Endpoint({"properties": {"endpointStatus": "Enabled"}})
    updated = manager.endpoints.update(GROUP, PROFILE, "ExternalEndpoints", "japanwest", change)
    assert (updated.endpoint_status, updated.endpoint_monitor_status) == ("Enabled", "CheckingEndpoint")
    assert updated.priority == 2
    azure.advance(10)
    west = manager.endpoints.get(GROUP, PROFILE, "ExternalEndpoints", "japanwest")
    assert west.endpoint_monitor_status == "Degraded"


def test_two_endpoints_cannot_share_a_priority(manager):
    change = Endpoint({"properties": {"priority": 1}})
    with pytest.raises(HttpResponseError) as failure:
        manager.endpoints.update(GROUP, PROFILE, "ExternalEndpoints", "japanwest", change)
    assert failure.value.error.code == "BadRequest"


def test_disabled_endpoint_leaves_the_dns(azure, manager):
    change = Endpoint({"properties": {"endpointStatus": "Disabled"}})
    manager.endpoints.update(GROUP, PROFILE, "ExternalEndpoints", "japaneast", change)
    assert azure.truth()["dns"]["authoritative"]["api.fas.contoso.com"] == ["tm-fas.trafficmanager.net"]
    assert manager.profiles.get(GROUP, PROFILE).monitor_config.profile_monitor_status == "Inactive"
    with pytest.raises(Exception, match="disconnected"):
        azure.get("https://api.fas.contoso.com/health")
    assert azure.get(f"https://ca-agent-service.{DOMAIN_EAST}/health").status_code == 200
