from datetime import UTC, datetime

import pytest
from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.keyvault.certificates import CertificateClient
from azure.keyvault.secrets import SecretClient
from cryptography import x509

from infra.local.azure import ManualClock
from infra.local.azure.contoso import APP_SETTINGS
from infra.local.azure.services import dependencies
from shared.gateways.key_vault import KeyVaults
from tests.infra.local.azure.data_planes import Lab, lab, running

assert lab  # a fixture: imported for its name
HOME = "https://kv-fas-japaneast.vault.azure.net"
AWAY = "https://kv-fas-japanwest.vault.azure.net"
OPS = "https://kv-fas-ops.vault.azure.net"
NEEDED = ["agents-db-connection", "search-api-key", "tenant-signing-key"]


def secrets(lab: Lab, vault=AWAY) -> SecretClient:
    return SecretClient(vault, **lab.sdk)


def certificates(lab: Lab, vault=HOME) -> CertificateClient:
    return CertificateClient(vault, **lab.sdk)


def names(lab: Lab, vault=AWAY):
    return [found.name for found in secrets(lab, vault).list_properties_of_secrets()]


def inner(error: HttpResponseError):
    return error.response.json()["error"]["innererror"]["code"]


def test_the_challenge_comes_first_and_then_the_token_is_taken(lab):
    answer = lab.http.get(f"{HOME}/secrets/search-api-key?api-version=7.5")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == (
        'Bearer authorization="https://login.microsoftonline.com/11111111-1111-4111-8111-111111111111", '
        'resource="https://vault.azure.net"'
    )
    assert secrets(lab, HOME).get_secret("search-api-key").value


def test_the_primary_vault_is_complete_and_the_other_lacks_a_deleted_secret(lab):
    assert names(lab, HOME) == NEEDED
    assert names(lab) == NEEDED[:2]
    (gone,) = secrets(lab).list_deleted_secrets()
    assert gone.name == "tenant-signing-key"
    assert (gone.scheduled_purge_date - gone.deleted_date).days == 90
    assert "run-signing-key" in names(lab, OPS)


def test_a_deleted_secret_comes_back_with_its_value_after_some_seconds(lab):
    begun = secrets(lab).begin_recover_deleted_secret("tenant-signing-key", _polling_interval=0)
    with pytest.raises(ResourceNotFoundError):
        secrets(lab).get_secret("tenant-signing-key")
    with pytest.raises(HttpResponseError) as caught:
        secrets(lab).begin_recover_deleted_secret("tenant-signing-key")
    assert (caught.value.status_code, inner(caught.value)) == (409, "ObjectIsBeingRecovered")
    lab.advance(5)
    begun.wait(5)
    there = secrets(lab).get_secret("tenant-signing-key")
    assert there.value == secrets(lab, HOME).get_secret("tenant-signing-key").value
    assert list(secrets(lab).list_deleted_secrets()) == []
    assert lab.truth()["key_vaults"]["kv-fas-japanwest"]["secrets"]["tenant-signing-key"] == "active"


def test_versions_follow_each_other_and_keep_their_properties(lab):
    client = secrets(lab)
    ends = datetime(2030, 1, 1, tzinfo=UTC)
    first = client.set_secret("api", "one", content_type="text/plain", tags={"a": "b"}, expires_on=ends)
    second = client.set_secret("api", "two")
    assert client.get_secret("api").value == "two"
    old = client.get_secret("api", first.properties.version)
    assert (old.value, old.properties.expires_on, old.properties.tags) == ("one", ends, {"a": "b"})
    versions = {found.version for found in client.list_properties_of_secret_versions("api")}
    assert versions == {first.properties.version, second.properties.version}
    client.update_secret_properties("api", second.properties.version, enabled=False)
    with pytest.raises(HttpResponseError) as caught:
        client.get_secret("api")
    assert (caught.value.status_code, inner(caught.value)) == (403, "SecretDisabled")
    assert client.get_secret("api", first.properties.version).value == "one"


def test_deleting_purging_and_what_stands_in_the_way(lab):
    client = secrets(lab)
    client.begin_delete_secret("search-api-key", _polling_interval=0)
    with pytest.raises(ResourceNotFoundError):
        client.get_secret("search-api-key")
    with pytest.raises(ResourceNotFoundError):
        client.get_deleted_secret("search-api-key")
    lab.advance(5)
    assert client.get_deleted_secret("search-api-key").name == "search-api-key"
    with pytest.raises(ResourceExistsError) as caught:
        client.set_secret("search-api-key", "new")
    assert inner(caught.value) == "ObjectIsDeletedButRecoverable"
    client.purge_deleted_secret("search-api-key")
    with pytest.raises(ResourceNotFoundError):
        client.begin_recover_deleted_secret("search-api-key")
    assert client.set_secret("search-api-key", "new").value == "new"


def test_a_backup_is_opaque_and_goes_into_another_vault(lab):
    secrets(lab, HOME).set_secret("only-home", "s3cret-value")
    backup = secrets(lab, HOME).backup_secret("only-home")
    assert b"s3cret" not in backup
    secrets(lab).restore_secret_backup(backup)
    assert secrets(lab).get_secret("only-home").value == "s3cret-value"
    with pytest.raises(ResourceExistsError):
        secrets(lab).restore_secret_backup(backup)
    with pytest.raises(HttpResponseError):
        secrets(lab).restore_secret_backup(b"nonsense")


def test_values_are_in_no_ledger_and_no_truth(lab):
    secrets(lab).set_secret("api", "s3cret-value")
    assert "s3cret-value" not in str(lab.ledger())
    assert "s3cret-value" not in str(lab.truth())
    puts = [one for one in lab.ledger() if one["method"] == "PUT" and one["status"] == 200]
    assert [one["body"]["value"] for one in puts] == ["***"]


def test_long_lists_come_in_pages(lab):
    client, before = secrets(lab, OPS), len(names(lab, OPS))
    for number in range(30):
        client.set_secret(f"s{number:02d}", "x")
    assert len(names(lab, OPS)) == before + 30


@pytest.mark.parametrize(
    ("call", "status"),
    [
        (lambda client: client.get_secret("none"), 404),
        (lambda client: client.get_secret("search-api-key", "0" * 32), 404),
        (lambda client: client.set_secret("under_score", "x"), 400),
        (lambda client: client.set_secret("large", "x" * 26_000), 400),
        (lambda client: client.begin_delete_secret("none"), 404),
        (lambda client: client.purge_deleted_secret("none"), 404),
    ],
)
def test_what_the_vault_refuses(lab, call, status):
    with pytest.raises(HttpResponseError) as caught:
        call(secrets(lab))
    assert caught.value.status_code == status


def test_certificates_are_real_and_tell_when_they_end(lab):
    ends = {
        found.name: (found.expires_on.timestamp() - lab.clock.now()) / 86_400
        for found in certificates(lab).list_properties_of_certificates()
    }
    assert ends == {
        "api-fas-contoso-com": pytest.approx(200, abs=1),
        "hooks-fas-contoso-com": pytest.approx(20, abs=1),
    }
    found = certificates(lab).get_certificate("api-fas-contoso-com")
    parsed = x509.load_der_x509_certificate(bytes(found.cer))
    assert parsed.not_valid_after_utc == found.properties.expires_on
    assert found.policy.san_dns_names == ["api.fas.contoso.com"]
    again = certificates(lab).get_certificate_version("api-fas-contoso-com", found.properties.version)
    assert again.properties.x509_thumbprint == found.properties.x509_thumbprint
    assert len(list(certificates(lab).list_properties_of_certificate_versions("api-fas-contoso-com"))) == 1
    assert [one.name for one in certificates(lab, AWAY).list_properties_of_certificates()] == [
        "api-fas-contoso-com"
    ]
    with pytest.raises(ResourceNotFoundError):
        certificates(lab).get_certificate("none")


def test_a_vault_whose_region_is_out_answers_nobody(lab):
    outage = lab.fault("region_outage", "japaneast")
    with pytest.raises(AzureError):
        names(lab, HOME)
    with pytest.raises(Exception, match="disconnected"):
        lab.http.get(f"{HOME}/secrets?api-version=7.5")
    assert names(lab) == NEEDED[:2]
    lab.end(outage)
    assert names(lab, HOME) == NEEDED
    with pytest.raises(AzureError):
        names(lab, "https://kv-nobody.vault.azure.net")


def test_what_was_begun_is_finished_after_a_restart(tmp_path):
    clock = ManualClock()
    with running(tmp_path / "state.db", clock) as lab:
        secrets(lab).set_secret("api", "one")
        secrets(lab).begin_recover_deleted_secret("tenant-signing-key", _polling_interval=0)
    with running(tmp_path / "state.db", clock) as lab:
        assert secrets(lab).get_secret("api").value == "one"
        lab.advance(5)
        assert names(lab) == [NEEDED[0], "api", *NEEDED[1:]]


def test_tenants_need_every_secret_of_their_region(lab):
    settings = {**APP_SETTINGS, "KEY_VAULT_URI": AWAY + "/"}

    def reason(settings):
        return lab.inside(lambda world: dependencies.CHECKS["key_vault"](world, settings))

    assert reason(APP_SETTINGS) is None
    assert reason(settings) == "secret 'tenant-signing-key' of kv-fas-japanwest is deleted"
    secrets(lab).begin_recover_deleted_secret("tenant-signing-key", _polling_interval=0)
    lab.advance(5)
    assert reason(settings) is None


def test_our_gateway_recovers_a_secret(lab):
    vaults = KeyVaults(lab.connection)
    assert [found.name for found in vaults.secrets(AWAY)] == NEEDED[:2]
    assert vaults.is_soft_deleted(AWAY, "tenant-signing-key")
    assert not vaults.is_soft_deleted(AWAY, "search-api-key")
    vaults.recover_secret(AWAY, "tenant-signing-key")
    lab.advance(5)
    assert [found.name for found in vaults.secrets(AWAY)] == NEEDED
    assert {found.name for found in vaults.certificates(HOME)} == {
        "api-fas-contoso-com",
        "hooks-fas-contoso-com",
    }
