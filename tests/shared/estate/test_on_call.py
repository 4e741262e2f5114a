"""Mistakes in the estate's `escalation`: each would let an incident reach nobody."""

import pytest

from shared.estate.load import parse
from shared.model.severity import Severity
from tests.shared.estate.test_load import GOOD, Change, changed, line_of, mistakes

L3 = "        people: [carol@contoso.com, bob@contoso.com]"

ONE_MISTAKE: dict[str, tuple[list[Change], str, str, str]] = {
    "a service with an unknown policy": (
        [("    on_call: landing-zone\n", "    on_call: landingzone\n")],
        "on_call: landingzone",
        "services[6].on_call",
        "is no escalation policy; did you mean 'landing-zone'?",
    ),
    "an unknown team": (
        [("critical: [{team: l3-support}, {team: architect}]", "critical: [{team: l3-suport}, {team: architect}]")],
        "l3-suport",
        "escalation.policies[0].severities.critical[0].team",
        "is no team; did you mean 'l3-support'?",
    ),
    "an unknown person in a rotation": (
        [(L3, L3.replace("bob@", "bobby@"))],
        "bobby@",
        "escalation.teams[2].rotation.people[1]",
        "did you mean 'bob@contoso.com'?",
    ),
    "an empty rotation": ([(L3, "        people: []")], "people: []", "escalation.teams[2].rotation.people", "at least 1 item"),
    "nobody around the clock": (
        [("high: [{team: l2-support, within: PT1H}, {team: l3-support}]", "high: [{team: l2-support}]")],
        "high: [{team: l2-support}]",
        "escalation.policies[0].severities.high",
        "nobody on duty would be told; add one without hours",
    ),
    "a severity that is left out": (
        [("        low: [{team: l1-support, begins: next_business_day}]\n", "")],
        "      severities:\n        critical: [{team: l3-support}",
        "escalation.policies[0].severities.low",
        "is missing, so nobody would be told",
    ),
    "a severity without a rung": (
        [("low: [{team: l1-support, begins: next_business_day}]", "low: []")],
        "low: []",
        "escalation.policies[0].severities.low",
        "nobody would be told",
    ),
    "a critical one that waits": (
        [("critical: [{team: l3-support}", "critical: [{team: l3-support, begins: next_business_day}")],
        "critical: [{team: l3-support, begins",
        "escalation.policies[0].severities.critical[0].begins",
        "is for the first level of what can wait",
    ),
    "two times for one rung": (
        [("within_business_days: 1}\n", "within_business_days: 1, within: PT4H}\n")],
        "within: PT4H}\n          - {team: cloud-ops, within_b",
        "escalation.policies[1].severities.low[0].within_business_days",
        "stands beside within",
    ),
    "a stand-in whom nobody knows": (
        [("who: erin@contoso.com", "who: erik@contoso.com")],
        "erik@",
        "escalation.teams[2].overrides[0].who",
        "did you mean 'erin@contoso.com'?",
    ),
    "a stand-in for somebody without a turn": (
        [("instead_of: carol@contoso.com", "instead_of: dave@contoso.com")],
        "instead_of: dave",
        "escalation.teams[2].overrides[0].instead_of",
        "takes no turn in l3-support",
    ),
    "an override that ends before it begins": (
        [("ends: 2027-01-04T09:00", "ends: 2026-12-28T09:00")],
        "ends: 2026-12-28T09:00",
        "escalation.teams[2].overrides[0].ends",
        "later than begins",
    ),
    "an override with an offset": (
        [("begins: 2026-12-28T09:00", "begins: 2026-12-28T09:00Z")],
        "T09:00Z",
        "escalation.teams[2].overrides[0].begins",
        "the zone is the calendar's",
    ),
    "a handover with seconds": (
        [("        handover: 09:00\n      overrides", "        handover: 09:00:30\n      overrides")],
        "09:00:30",
        "escalation.teams[2].rotation.handover",
        "in whole minutes",
    ),
    "no country": ([("country: JP ", "country: ZZ ")], "country: ZZ", "escalation.calendars[0].country", "no holidays are known of 'ZZ'"),
    "no country code": ([("country: JP ", "country: Japan ")], "country: Japan", "escalation.calendars[0].country", "[A-Z]{2}"),
    "no such state": (
        [("country: US,", "country: US, subdivision: ZZ,")],
        "subdivision: ZZ",
        "escalation.calendars[1].subdivision",
        "is no subdivision of US",
    ),
    "an unknown calendar": (
        [("      calendar: new-york\n      rotation", "      calendar: new-work\n      rotation")],
        "new-work",
        "escalation.teams[8].calendar",
        "is no calendar; did you mean 'new-york'?",
    ),
    "a business day that never begins": (
        [("fri], start: 09:00, end: 18:00}   #", "fri], start: 09:00, end: 09:00}   #")],
        "end: 09:00}   #",
        "escalation.calendars[0].business.end",
        "later than start",
    ),
    "an unknown channel": (
        [("channels: [operations-chat]", "channels: [operation-chat]")],
        "[operation-chat]",
        "escalation.teams[3].channels[0]",
        "is no channel; did you mean 'operations-chat'?",
    ),
    "an owner whom nobody knows": (
        [("teams: [ml-team]", "teams: [mlteam]")],
        "[mlteam]",
        "escalation.owners[4].teams[0]",
        "did you mean 'ml-team'?",
    ),
    "an unknown ticket system": (
        [("tickets: azure-devops\n", "tickets: azuredevops\n")],
        "tickets: azuredevops",
        "escalation.policies[0].tickets",
        "is no ticket system; did you mean 'azure-devops'?",
    ),
    "a ticket system without its project": (
        [("      project: OPS\n", "")],
        "    - name: jira",
        "escalation.ticket_systems[2]",
        "without a project",
    ),
    "a ticket system without its account": (
        [("      account: foundry-ops\n", "")],
        "    - name: servicenow",
        "escalation.ticket_systems[0]",
        "without an account",
    ),
    "a secret that stands in the file": (
        [('secret: "https://kv-fas-ops.vault.azure.net/secrets/chat-operations"', "secret: msteams://a/b/c")],
        "msteams:",
        "escalation.channels[0].secret",
        "write the address of a Key Vault secret",
    ),
    "a team given twice": ([("name: ml-team", "name: FINANCE".lower())], "name: finance, title: Finance", "escalation.teams[15].name", "each must be given once"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "snippet", "field", "advice"), ONE_MISTAKE.values(), ids=ONE_MISTAKE.keys()
)
def test_a_mistake_is_named_with_its_line_and_field(changes, snippet, field, advice):
    text = changed(*changes)
    found = [one for one in mistakes(text) if field in one]
    assert len(found) == 1, mistakes(text)
    assert found[0].startswith(f"estate.yaml:{line_of(text, snippet)}: {field}: "), found
    assert advice in found[0]


def test_an_estate_without_the_section_is_whole():
    text = GOOD[: GOOD.index("# Whom an incident reaches")].replace("    on_call: landing-zone\n", "")
    assert parse(text, name="estate.yaml").escalation is None


def test_a_policy_without_the_section_is_a_mistake():
    text = GOOD[: GOOD.index("# Whom an incident reaches")]
    assert len(mistakes(text)) == 4
    assert "is no escalation policy; the estate has none" in mistakes(text)[0]


def test_each_service_chooses_its_policy():
    estate = parse(GOOD, name="estate.yaml")
    assert estate.escalation is not None
    chosen = {service.name: estate.escalation.policy(service.on_call).name for service in estate.services}
    assert chosen["agents-db"] == "operations"
    assert chosen["inference-api"] == "landing-zone"
    policy = estate.escalation.policy("landing-zone")
    assert policy.ladder(Severity.INFORMATIONAL) == policy.ladder(Severity.LOW)
