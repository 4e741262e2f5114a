"""Whatever production looks like, its copy keeps what it is and leaves behind where it was."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.estate.load import load
from shared.model.estate import ContainerApp
from shared.planners.container_app_template import (
    certificates_needed,
    container_app_template,
    secrets_without_vault,
)
from tests.shared.actions.stage import CONTOSO

SERVICE = load(CONTOSO).of_kind(ContainerApp)[0]
OLD = SERVICE.recovery_environment_id.replace("japanwest", "japaneast")
OLD_FQDN = "ca-agent-service.wittyforest-5f2c9a41.japaneast.azurecontainerapps.io"
IMAGE = "acr.azurecr.io/agent@sha256:" + "a" * 64

names = st.from_regex(r"[a-z][a-z0-9-]{0,15}", fullmatch=True)
words = st.text(max_size=12).filter(lambda word: "japaneast" not in word)
containers = st.fixed_dictionaries(
    {"name": names, "image": words},
    optional={
        "env": st.lists(st.fixed_dictionaries({"name": names, "value": words}), max_size=3),
        "resources": st.fixed_dictionaries({"cpu": st.floats(0.25, 4), "memory": st.just("2Gi")}),
        "args": st.lists(words, max_size=2),
    },
)
domains = st.fixed_dictionaries(
    {"name": names.map(lambda name: f"{name}.fas.contoso.com"), "bindingType": st.just("SniEnabled")},
    optional={
        "certificateId": st.tuples(st.sampled_from(["certificates", "managedCertificates"]), names).map(
            lambda where: f"{OLD}/{where[0]}/{where[1]}"
        )
    },
)
ingresses = st.fixed_dictionaries(
    {"external": st.booleans(), "targetPort": st.integers(1, 65535), "fqdn": st.just(OLD_FQDN)},
    optional={
        "traffic": st.just([{"revisionName": "ca--0000007", "weight": 100}]),
        "customDomains": st.lists(domains, max_size=3),
        "stickySessions": st.just({"affinity": "sticky"}),
    },
)
scales = st.fixed_dictionaries(
    {},
    optional={
        "minReplicas": st.none() | st.integers(0, 400),
        "maxReplicas": st.none() | st.integers(1, 400),
        "rules": st.lists(st.fixed_dictionaries({"name": names}), max_size=2),
    },
)
identities = st.one_of(
    st.none(),
    st.just({"type": "SystemAssigned", "principalId": "old-principal", "tenantId": "t"}),
    st.just({"type": "UserAssigned", "userAssignedIdentities": {"/id/one": {"clientId": "old-client"}}}),
)


@st.composite
def productions(draw: st.DrawFn) -> dict[str, Any]:
    """A container app as Azure Resource Manager shows it."""
    configuration: dict[str, Any] = {"activeRevisionsMode": "Single", "maxInactiveRevisions": 7}
    if draw(st.booleans()):
        configuration["ingress"] = draw(ingresses)
    template: dict[str, Any] = {"containers": draw(st.lists(containers, min_size=1, max_size=3))}
    if draw(st.booleans()):
        template["scale"] = draw(scales)
    if draw(st.booleans()):
        template["revisionSuffix"] = "old-suffix"
    app: dict[str, Any] = {
        "id": SERVICE.resource_id,
        "name": "ca-agent-service",
        "location": "japaneast",
        "tags": draw(st.none() | st.dictionaries(names, words, max_size=2)),
        "systemData": {"createdBy": "somebody"},
        "properties": {
            "provisioningState": "Succeeded",
            "managedEnvironmentId": OLD,
            "latestRevisionName": "ca--0000007",
            "outboundIpAddresses": ["20.89.12.41"],
            "configuration": configuration,
            "template": template,
        },
    }
    if identity := draw(identities):
        app["identity"] = identity
    return app


@given(productions())
def test_nothing_of_the_old_place_goes_along(production: dict[str, Any]) -> None:
    made = json.dumps(container_app_template(SERVICE, production, image=IMAGE))
    for left_behind in (
        OLD,
        OLD_FQDN,
        "ca--0000007",
        "old-suffix",
        "old-principal",
        "old-client",
        "20.89.12.41",
    ):
        assert left_behind not in made
    assert "managedCertificates" not in made
    assert "systemData" not in made


@given(productions())
def test_all_else_is_kept(production: dict[str, Any]) -> None:
    (resource,) = container_app_template(SERVICE, production, image=IMAGE)["resources"]
    before, after = production["properties"], resource["properties"]
    first, *others = before["template"]["containers"]
    assert after["template"]["containers"] == [{**first, "image": IMAGE}, *others]
    moved = {"ingress"}
    assert {k: v for k, v in after["configuration"].items() if k not in moved} == {
        k: v for k, v in before["configuration"].items() if k not in moved
    }
    if ingress := before["configuration"].get("ingress"):
        gone = {"fqdn", "traffic", "customDomains"}
        kept = {k: v for k, v in ingress.items() if k not in gone}
        assert {k: v for k, v in after["configuration"]["ingress"].items() if k not in gone} == kept
        bound = after["configuration"]["ingress"].get("customDomains") or []
        assert [one["name"] for one in bound] == [one["name"] for one in ingress.get("customDomains") or []]
    assert resource["tags"] == {**(production["tags"] or {}), "recovered-from": "japaneast"}
    assert resource["location"] == "japanwest"
    assert after["managedEnvironmentId"] == SERVICE.recovery_environment_id
    old_rules = (before["template"].get("scale") or {}).get("rules")
    assert after["template"]["scale"].get("rules") == old_rules


@given(productions(), st.integers(1, 300))
def test_it_starts_with_enough_replicas(production: dict[str, Any], wanted: int) -> None:
    service = SERVICE.model_copy(update={"recovery_replicas": wanted})
    (resource,) = container_app_template(service, production, image=IMAGE)["resources"]
    scale = resource["properties"]["template"]["scale"]
    assert scale["minReplicas"] >= wanted
    assert scale["maxReplicas"] >= scale["minReplicas"]


@given(productions())
def test_production_itself_is_left_as_it_was(production: dict[str, Any]) -> None:
    before = json.dumps(production)
    container_app_template(SERVICE, production, image=IMAGE)
    assert json.dumps(production) == before


@given(productions())
def test_every_certificate_is_one_of_the_recovery_environment(production: dict[str, Any]) -> None:
    needed = certificates_needed(SERVICE, production)
    assert all(one.startswith(f"{SERVICE.recovery_environment_id}/certificates/") for one in needed)
    made = json.dumps(container_app_template(SERVICE, production, image=IMAGE))
    assert all(one in made for one in needed)
    assert len(set(needed)) == len(needed)


def test_only_secrets_in_a_vault_can_be_kept() -> None:
    secrets = [{"name": "kept", "keyVaultUrl": "https://v/secrets/x", "identity": "system"}, {"name": "lost"}]
    assert secrets_without_vault({"properties": {"configuration": {"secrets": secrets}}}) == ("lost",)
    assert secrets_without_vault({"properties": {}}) == ()
