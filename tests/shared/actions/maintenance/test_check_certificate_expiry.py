"""Certificates are found before they end, in every vault."""

from datetime import timedelta

import pytest

from shared.actions.maintenance.check_certificate_expiry import Params, check_certificate_expiry, expiry
from shared.gateways.key_vault import Expiring
from shared.model.estate import KeyVault
from shared.model.plan import Step
from shared.model.severity import Severity
from tests.shared.actions.changes_once import contoso
from tests.shared.actions.stage import Stage, StepFailed


def check(**params: object) -> Step:
    return check_certificate_expiry.step(vaults=contoso().of_kind(KeyVault), **params)


def test_what_ends_soon_is_found_in_the_vault_where_it_is(stage: Stage) -> None:
    done = stage.carry_out(check())
    (finding,) = done.outcome.findings
    assert finding.resource.endswith("kv-fas-japaneast/certificates/hooks-fas-contoso-com")
    assert finding.severity is Severity.MEDIUM
    assert finding.title.startswith("hooks-fas-contoso-com ends in ")
    assert done.outcome.evidence["certificates"] == 3
    assert stage.writes == []
    assert not done.outcome.changed


def test_nothing_ends_soon_where_one_warns_late(stage: Stage) -> None:
    done = stage.carry_out(check(warn_before="P10D"))
    assert done.outcome.findings == ()
    assert done.outcome.summary == "3 certificates, none ends soon"


def test_time_makes_it_worse(stage: Stage) -> None:
    params = Params(vaults=contoso().of_kind(KeyVault))
    ends = stage.now + timedelta(days=20)

    def found(days: float) -> Severity | None:
        finding = expiry(Expiring("c", True, ends), "/x", stage.now + timedelta(days=days), params)
        return finding.severity if finding else None

    severities = [found(days) for days in (-11, 0, 13, 20, 30)]
    assert severities == [None, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL, Severity.CRITICAL]


@pytest.mark.parametrize("certificate", [Expiring("off", False, None), Expiring("endless", True, None)])
def test_disabled_and_endless_ones_do_not_count(stage: Stage, certificate: Expiring) -> None:
    assert expiry(certificate, "/x", stage.now, Params(vaults=())) is None


def test_a_vault_that_is_away_is_not_one_without_certificates(stage: Stage) -> None:
    stage.outage()
    with pytest.raises(
        StepFailed, match=r"list certificates on https://kv-fas-japaneast.vault.azure.net: no answer"
    ):
        stage.carry_out(check())
