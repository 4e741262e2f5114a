"""The estate's security section: mistakes are refused with their line, field and what to do."""

import re

import pytest

from infra.local.azure import ManualClock, open_world
from shared.estate.load import parse
from shared.model.estate import Estate
from tests.shared.estate.test_load import GOOD, mistakes

HEAD, SECTION = GOOD.split("\nsecurity:", 1)
APP = "7a3c1d52-0b64-4e8f-9d17-5c2be8a4f001"


def with_change(before: str, after: str) -> str:
    assert before in SECTION, before
    return HEAD + "\nsecurity:" + SECTION.replace(before, after, 1)


def estate() -> Estate:
    return parse(GOOD, name="estate.yaml")


def test_an_estate_may_have_none() -> None:
    text = re.sub(r"\nsecurity:\n(  .*\n|\n(?=  ))+", "\n", GOOD)
    assert parse(text, name="estate.yaml").security is None


def test_it_names_what_the_simulated_azure_holds() -> None:
    security = estate().security
    assert security is not None
    world = open_world(clock=ManualClock())
    try:
        for resource in [
            *security.network_security_groups.values(),
            *(one.registry_id for one in security.images),
        ]:
            assert world.resources.peek(resource), resource
        principals = {row["properties"]["principalId"] for _, row in world.table("role assignment").rows()}
        assert {one.object_id for one in security.kept} <= principals
    finally:
        world.close()


def test_whom_it_keeps_it_knows_in_any_case() -> None:
    security = estate().security
    assert security is not None
    assert security.keeps(APP.upper()) == "the identity of agent-service"
    assert security.keeps("22222222-2222-4222-8222-00000000000f") is None


@pytest.mark.parametrize(
    ("before", "after", "field", "said"),
    [
        (
            "japaneast: /sub",
            "japaneaat: /sub",
            "security.network_security_groups.japaneaat",
            "did you mean 'japaneast'",
        ),
        (
            "japaneast: /sub",
            "eastus2: /sub",
            "security.network_security_groups",
            "none for japaneast, where agent-service runs",
        ),
        (
            "networkSecurityGroups/nsg-cae-fas-japaneast",
            "virtualNetworks/x",
            "japaneast",
            "this must be a Microsoft.Network/network",
        ),
        (
            "service: agents-db",
            "service: agents",
            "security.keys[0].service",
            "is no service with keys; did you mean",
        ),
        (
            "service: agents-db",
            "service: agent-secrets",
            "security.keys[0].service",
            "is no service with keys",
        ),
        (
            "vault: agent-secrets",
            "vault: agent-secret",
            "security.keys[0].vault",
            "did you mean 'agent-secrets'",
        ),
        (
            "secret: agents-db-connection",
            "secret: agents-db-conn",
            "security.keys[0].secret",
            "did you mean 'agents-db-connection'",
        ),
        ("      secret: search-api-key\n", "", "security.keys[1].vault", "stands without secret; give both"),
        (
            "secret: search-api-key",
            "secret: search-api-key\n      form: cosmos_connection_string",
            "form",
            "is for cosmos_db services",
        ),
        (
            "digest: sha256:0f4c",
            "digest: v1.2",
            "security.images[0].digest",
            "an image digest: sha256: and 64",
        ),
        (
            "service: agent-service\n      digest",
            "service: agents-db\n      digest",
            "security.images[0].service",
            "is no container_app",
        ),
        (
            "registries/acrfasprod",
            "registry/acrfasprod",
            "security.images[0].registry_id",
            "must be a Microsoft.ContainerRegistry",
        ),
        (
            f"object_id: {APP[:-1]}2",
            f"object_id: {APP}",
            "security.kept[1].object_id",
            "is given twice; remove one",
        ),
        (f"object_id: {APP}", "object_id: me", "security.kept[0].object_id", "an id such as"),
        ("why: the break-glass account", "wye: x", "security.kept[3].wye", "did you mean 'why'?"),
    ],
)
def test_a_mistake_is_named_with_its_field(before: str, after: str, field: str, said: str) -> None:
    found = mistakes(with_change(before, after))
    assert any(field in one and said in one for one in found), found


def test_an_app_without_an_approved_image_is_told() -> None:
    text = with_change("service: agent-service\n      digest", "service: agents-db\n      digest")
    assert any("has no approved image for agent-service" in one for one in mistakes(text))
