"""Every tenant hears of its own matters only, once, at the beginning and when it is over."""

import pytest

from shared.actions.mail.notify_tenants import notify_tenants
from shared.model.estate import Tenant
from shared.model.plan import Mode, Step
from tests.shared.actions.changes_once import ChangesOnce, Scenario, contoso
from tests.shared.actions.stage import Stage
from tests.shared.reports.samples import success


def tell(moment: str = "begin", **changes: object) -> Step:
    about = {"tenants": contoso().tenants, "address": "api.fas.contoso.com", "within": "PT1H30M", **changes}
    return notify_tenants.step(moment=moment, **about)


def one() -> Step:
    return tell(tenants=contoso().tenants[:1])


def contoso_knows(stage: Stage) -> None:
    assert [mail["to"] for mail in stage.truth["mails"]] == [["tenant-admin@contoso.com"]]


class TestAtTheBeginning(ChangesOnce):
    scenario = Scenario(step=one, reached=contoso_knows, record=success)


@pytest.mark.parametrize(
    ("fault", "details"), [("ack_lost", {}), ("throttle", {}), ("error", {"status": 500})]
)
def test_each_tenant_gets_one_mail_whatever_goes_wrong(stage: Stage, fault: str, details: dict) -> None:
    stage.lab.fault(fault, "*", count=2, match={"writes": True}, **details)
    stage.carry_out(tell(), record=success(), forget=lambda number: number == 2)
    assert sorted(mail["to"] for mail in stage.truth["mails"]) == [
        ["tenant-admin@contoso.com"],
        ["tenant-admin@fabrikam.com"],
    ]


def content(stage: Stage, moment: str, mode: Mode) -> dict[str, str]:
    stage.carry_out(tell(moment), mode=mode, record=success())
    sent = [entry["body"] for entry in stage.writes]
    return {
        mail["recipients"]["to"][0][
            "address"
        ]: f"{mail['content']['subject']}\n{mail['content']['plainText']}"
        for mail in sent
    }


def test_no_tenant_hears_of_another_or_of_what_the_platform_is_made_of(stage: Stage) -> None:
    told = content(stage, "end", Mode.REAL)
    assert "fabrikam" not in told["tenant-admin@contoso.com"]
    assert "contoso\n" not in told["tenant-admin@fabrikam.com"].replace("api.fas.contoso.com", "")
    for text in told.values():
        assert not [
            word for word in ("cosmos", "japan", "failover", "stfas", "recovery-") if word in text.lower()
        ]


def test_an_outage_is_told_with_its_objective(stage: Stage) -> None:
    for text in content(stage, "begin", Mode.REAL).values():
        assert text.startswith("Outage: api.fas.contoso.com is being moved to our recovery region")
        assert "have it back within 1 h 30 min" in text


def test_a_drill_is_called_what_it_is(stage: Stage) -> None:
    for text in content(stage, "begin", Mode.DRILL).values():
        assert text.startswith("Planned exercise: ")
        assert "outage" not in text.lower()


def test_when_it_came_back_is_said_in_the_estate_s_time(stage: Stage) -> None:
    for text in content(stage, "end", Mode.REAL).values():
        assert "api.fas.contoso.com works again since 20" in text
        assert "(Asia/Tokyo)" in text


def test_a_tenant_without_contacts_is_a_finding(stage: Stage) -> None:
    done = stage.carry_out(tell(tenants=(Tenant(name="lonely"),)), record=success())
    assert not done.outcome.changed
    assert [found.title for found in done.outcome.findings] == [
        "tenant lonely has no contacts, so nobody there was told"
    ]
