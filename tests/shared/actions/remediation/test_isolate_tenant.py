"""One tenant is turned away in every region, no other one notices, and never without evidence."""

import pytest

from shared.actions.remediation.isolate_tenant import isolate_tenant
from shared.model.plan import Step
from tests.shared.actions.changes_once import ChangesOnce, Scenario, refused
from tests.shared.actions.remediation.gate import APP, EVIDENCE, GATE, evidence_kept, isolated, params
from tests.shared.actions.stage import Stage, StepFailed


def isolate(tenant: str = "fabrikam") -> Step:
    return isolate_tenant.step(**params(tenant, evidence_container=EVIDENCE))


def fabrikam_is_away(stage: Stage) -> None:
    assert isolated(stage) == {"fabrikam"}
    for vault in GATE.vaults:
        assert stage.azure.secret_values.value(vault, GATE.secret) == '["fabrikam"]'


class TestIsolating(ChangesOnce):
    scenario = Scenario(step=isolate, prepare=evidence_kept, reached=fabrikam_is_away)


def test_only_that_tenant_is_turned_away(stage: Stage) -> None:
    evidence_kept(stage)
    stage.carry_out(isolate())
    stage.lab.advance(10)
    assert (stage.healthy("contoso"), stage.healthy("fabrikam")) == (True, False)
    assert stage.lab.tenant("fabrikam")["status"] == 403


def test_those_who_are_away_already_stay_away(stage: Stage) -> None:
    evidence_kept(stage)
    stage.carry_out(isolate("contoso"))
    stage.carry_out(isolate("fabrikam"))
    assert isolated(stage) == {"contoso", "fabrikam"}


def test_without_evidence_nothing_is_changed(stage: Stage) -> None:
    stage.lab.advance(30)
    refused(stage, isolate(), "no evidence was preserved, so nothing is changed")


def test_a_list_that_is_none_is_not_overwritten(stage: Stage) -> None:
    evidence_kept(stage)
    stage.azure.secret_values.set(GATE.vaults[0], GATE.secret, "fabrikam")
    refused(stage, isolate(), "is no JSON list of tenants: correct it")


def test_a_gate_that_does_not_listen_is_told(stage: Stage) -> None:
    evidence_kept(stage)

    def deaf(app: dict) -> None:
        for one in app["properties"]["template"]["containers"][0]["env"]:
            if one["name"] == "KEY_VAULT_URI":
                one["value"] = "https://kv-fas-ops.vault.azure.net/"

    stage.change(APP.resource_id, deaf)
    with pytest.raises(
        StepFailed, match=r"turned away, but the platform answers .* look whether its gate reads"
    ):
        stage.carry_out(isolate())
