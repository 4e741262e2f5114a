"""What a breach is answered with goes out once, comes back as values, and never tells a key."""

from collections.abc import Callable
from typing import Any

import pytest

from infra.local.azure.services.security import facts
from shared.errors import AzureCallFailed
from tests.shared.actions.security.breach import APP, EAST, GROUP, broken_into, planned
from tests.shared.actions.stage import Stage

SEARCH, COSMOS, STORAGE = (
    planned(f"revoke_compromised_credentials_{name}").params["account_id"]
    for name in ("agent_search", "agents_db", "agent_files")
)
RULE = {
    "direction": "Inbound",
    "access": "Deny",
    "priority": 100,
    "protocol": "*",
    "sourceAddressPrefix": "Internet",
    "sourcePortRange": "*",
    "destinationAddressPrefix": "*",
    "destinationPortRange": "*",
}


def app(stage: Stage) -> Any:
    found = stage.azure.container_apps.app(APP.resource_id)
    assert found is not None
    return found


def import_image(stage: Stage) -> None:
    server, _, repository = facts.REPOSITORY.partition("/")
    stage.azure.registry.import_image(facts.REGISTRY, server, facts.BUILDS, repository, facts.PATCHED)


WRITES: dict[str, Callable[[Stage], object]] = {
    "rule PUT": lambda stage: stage.azure.network.put_rule(GROUP, "deny", RULE),
    "rule DELETE": lambda stage: stage.azure.network.delete_rule(GROUP, "allow-https-in"),
    "role DELETE": lambda stage: stage.azure.authorization.delete(stage.azure.authorization.assignments()[0]),
    "user PATCH": lambda stage: stage.azure.graph.disable(facts.FRANK),
    "sessions POST": lambda stage: stage.azure.graph.revoke_sessions(facts.FRANK),
    "search key POST": lambda stage: stage.azure.account_keys.regenerate(SEARCH, "primary"),
    "cosmos key POST": lambda stage: stage.azure.account_keys.regenerate(COSMOS, "primary"),
    "storage key POST": lambda stage: stage.azure.account_keys.regenerate(STORAGE, "key1"),
    "delegations POST": lambda stage: stage.azure.account_keys.revoke_user_delegation_keys(STORAGE),
    "secret PUT": lambda stage: stage.azure.secret_values.set(EAST, "search-api-key", "new"),
    "image POST": import_image,
    "alert POST": lambda stage: stage.azure.defender.resolve(stage.azure.defender.alerts()[0]),
    "app PATCH": lambda stage: stage.azure.app_changes.set_ingress(app(stage), None),
    "revision POST": lambda stage: stage.azure.app_changes.deactivate(
        app(stage), stage.azure.app_changes.revisions(app(stage))[-1].name
    ),
}


@pytest.mark.parametrize("name", WRITES)
def test_a_write_that_fails_was_sent_once(stage: Stage, name: str) -> None:
    broken_into(stage)
    for status in (429, 500, 503, 504):
        details = {"kind": "throttle"} if status == 429 else {"kind": "error", "status": status}
        fault = stage.lab.fault(target="*", match={"writes": True}, **details)
        stage.from_now()
        with pytest.raises(AzureCallFailed) as caught:
            WRITES[name](stage)
        stage.lab.end(fault)
        assert (caught.value.status, caught.value.retryable) == (status, True)
        assert len(stage.writes) == 1


@pytest.mark.parametrize("name", WRITES)
def test_a_write_without_an_answer_was_sent_once(stage: Stage, name: str) -> None:
    broken_into(stage)
    stage.lab.fault("ack_lost", "*")
    stage.from_now()
    with pytest.raises(AzureCallFailed) as caught:
        WRITES[name](stage)
    assert (caught.value.status, caught.value.retryable) == (0, True)
    # A vault is asked without a token first, to learn where to get one.
    assert len([write for write in stage.writes if write["status"] != 401]) == 1


def test_every_page_of_a_list_is_read(stage: Stage) -> None:
    broken_into(stage)
    alerts = stage.azure.defender.alerts()
    assert len({one.id for one in alerts}) == 9
    assert all(one.open and one.last_seen for one in alerts)


def test_a_registry_is_asked_with_a_token_of_its_own(stage: Stage) -> None:
    server, _, repository = facts.REPOSITORY.partition("/")
    stage.from_now()
    assert stage.azure.registry.has_digest(server, repository, facts.VULNERABLE)
    assert not stage.azure.registry.has_digest(server, repository, facts.PATCHED)
    assert stage.writes == []


def test_a_registry_that_is_not_well_is_no_answer(stage: Stage) -> None:
    server, _, repository = facts.REPOSITORY.partition("/")
    stage.lab.fault("error", "acrfasprod.azurecr.io/v2", status=503)
    with pytest.raises(AzureCallFailed, match=r"get image manifest.*503"):
        stage.azure.registry.has_digest(server, repository, facts.VULNERABLE)


def test_an_account_that_is_not_well_has_not_refused_a_key(stage: Stage) -> None:
    """A key counts as void only where the account says so."""
    key = stage.azure.account_keys.keys(SEARCH)["primary"]
    stage.lab.fault("error", "srch-fas-japaneast.search.windows.net", status=503)
    with pytest.raises(AzureCallFailed, match=r"try a key.*503"):
        stage.azure.account_keys.takes(SEARCH, key)


def test_a_key_is_in_no_error(stage: Stage) -> None:
    stage.lab.fault("error", "documents.azure.com", status=500)
    key = stage.azure.account_keys.keys(COSMOS)["primary"]
    with pytest.raises(AzureCallFailed) as caught:
        stage.azure.account_keys.takes(COSMOS, key)
    assert key not in str(caught.value)


def test_keys_of_other_services_are_not_known(stage: Stage) -> None:
    with pytest.raises(ValueError, match="of a type whose keys are not known"):
        stage.azure.account_keys.keys(APP.resource_id)


def test_who_is_no_user_is_none(stage: Stage) -> None:
    assert stage.azure.graph.user(facts.ROGUE_IDENTITY) is None
    found = stage.azure.graph.user(facts.FRANK)
    assert found is not None
    assert (found.mail, found.enabled) == ("frank@contoso.com", True)


def test_a_secret_has_its_versions_in_order(stage: Stage) -> None:
    broken_into(stage)
    versions = stage.azure.secret_values.versions(EAST, "tenant-signing-key")
    assert [one.created for one in versions] == sorted(one.created for one in versions)
    values = [stage.azure.secret_values.value(EAST, "tenant-signing-key", one.version) for one in versions]
    assert len(set(values)) == 2
    assert stage.azure.secret_values.value(EAST, "tenant-signing-key") == values[-1]
    assert stage.azure.secret_values.versions(EAST, "nothing") == ()
    assert stage.azure.secret_values.value(EAST, "nothing") is None
