"""Mistakes in an estate file: each is refused with its file, its line, its field and what to do."""

import re
import time
from datetime import date, timedelta
from datetime import time as clock
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import EstateInvalid
from shared.estate import document
from shared.estate.load import LARGEST_FILE, load, parse

SAMPLE = Path(document.__file__).with_name("contoso.yaml")
GOOD = SAMPLE.read_text(encoding="utf-8")

FIRST_REGION = GOOD[: GOOD.index("\n    region: japaneast")].count("\n") + 2

FIRST_RTO = "rto: PT4H\n    rpo: PT5M"

type Change = tuple[str, str]


def changed(*changes: Change) -> str:
    """The sample estate with the first place of each `before` replaced."""
    text = GOOD
    for before, after in changes:
        assert before in text, before
        text = text.replace(before, after, 1)
    return text


def mistakes(text: str) -> list[str]:
    with pytest.raises(EstateInvalid) as caught:
        parse(text, name="estate.yaml")
    return str(caught.value).split("\n")


def line_of(text: str, snippet: str) -> int:
    assert text.count(snippet) == 1, f"{snippet!r} stands {text.count(snippet)} times"
    return text[: text.index(snippet)].count("\n") + 1


# What is changed, a snippet that stands once on the line to be named, the field, and words of the advice.
ONE_MISTAKE: dict[str, tuple[list[Change], str, str, str]] = {
    # types
    "unknown field": ([("rto: PT4H", "rot: PT1S\n    rto: PT4H")], "rot:", "services[0].rot", "did you mean 'rto'?"),
    "unknown field at the top": ([("limits:", "limitz: 1\nlimits:")], "limitz:", "limitz", "did you mean 'limits'?"),
    "unknown field of an approval": (
        [("required: 2", "required: 2\n    expires: PT1H")],
        "expires:",
        "approvals.recovery.expires",
        "did you mean 'expires_after'?",
    ),
    "unknown field without a near one": (
        [("step_deadline: PT4H", "xyzzy: 1\n  step_deadline: PT4H")],
        "xyzzy",
        "limits.xyzzy",
        "known are acknowledged_for, blast_radius",
    ),
    "a field of another kind of service": (
        [("database: agents\n", "database: agents\n    alias: x.y\n")],
        "alias: x.y",
        "services[0].alias",
        "known are containers, database,",
    ),
    "missing field of a service": ([("    rto: PT4H\n", "")], "name: agents-db", "services[0].rto", "missing; add it"),
    "missing field of a mapping": ([("  keys: australiaeast", "  #")], "platform:", "platform.keys", "missing"),
    "missing section": ([("on_call: [oncall-critical@contoso.com]\n", "")], "name: contoso\nti", "on_call", "missing"),
    "wrong kind": ([("kind: cosmos_db", "kind: cosmosdb")], "kind: cosmosdb", "services[0].kind", "mean 'cosmos_db'?"),
    "missing kind": ([("    kind: storage\n", "")], "name: agent-files", "services[3].kind", "storage, key_vault"),
    "duration as a number": ([("rto: PT4H", "rto: 4")], "rto: 4", "services[0].rto", "is 4; write an ISO 8601 duration"),
    "duration in words": ([("rto: PT4H", "rto: 4 hours")], "rto: 4", "services[0].rto", "such as PT15M, PT4H"),
    "negative duration": ([("rto: PT4H", "rto: -PT4H")], "rto: -", "services[0].rto", "must be longer than nothing"),
    "no duration at all": ([("rto: PT4H", "rto: PT0S")], "rto: PT0S", "services[0].rto", "must be longer than nothing"),
    "approvals that expire at once": (
        [("expires_after: PT1H", "expires_after: PT0S")],
        "PT0S",
        "approvals.recovery.expires_after",
        "must be longer than nothing",
    ),
    "a long value": (
        [("rto: PT4H", f"rto: {'x' * 500}")],
        "rto: xxx",
        "services[0].rto",
        f"is '{'x' * 76}...; write an ISO 8601 duration",
    ),
    "a number of 5000 digits": (
        [("recovery_replicas: 3", f"recovery_replicas: {'9' * 5000}")],
        "recovery_replicas",
        "services[1].recovery_replicas",
        "write a whole number",
    ),
    "no time of day": ([("at: 02:00", "at: 25:00")], "at: 25:00", "schedules[0].at", "such as 02:00"),
    "time with an offset": ([("at: 02:00", "at: 02:00Z")], "at: 02:00Z", "schedules[0].at", "goes into time_zone"),
    "time with seconds": ([("at: 02:00", "at: 02:00:30")], "at: 02:00:30", "schedules[0].at", "whole minutes"),
    "no date": (
        [("at: 02:00", "at: 02:00\n    dates: [2027-02-29]")],
        "2027-02-29",
        "schedules[0].dates[0]",
        "such as 2027-03-15",
    ),
    "number for text": ([("database: agents", "database: 7")], "database: 7", "services[0].database", "put it in quotes"),
    "text for number": (
        [("recovery_replicas: 3", "recovery_replicas: '3'")],
        "recovery_replicas",
        "services[1].recovery_replicas",
        "is '3'; write a whole number",
    ),
    "number out of range": (
        [("recovery_replicas: 3", "recovery_replicas: 0")],
        "recovery_replicas",
        "services[1].recovery_replicas",
        "greater than or equal to 1",
    ),
    "text for a list": ([("roles: [Reader]", "roles: Reader")], "roles: Reader\n", "people[3].roles", "write a list"),
    "text for a mapping": ([("  - name: fabrikam", "  - fabrikam\n  - name: x")], "- fabrikam\n", "tenants[1]", "lines"),
    "no value": ([("database: agents", "database:")], "database:", "services[0].database", "has no value"),
    "unknown role": ([("roles: [Reader]", "roles: [Readr]")], "Readr]", "people[3].roles[0]", "'Operator' or"),
    "unknown plan kind": (
        [("  drill:\n", "  drlil: {required: 0}\n  drill:\n")],
        "drlil",
        "approvals.drlil",
        "write 'recovery',",
    ),
    "no resource id": (
        [("databaseAccounts/cosmos-fas-prod", "databaseAccounts/cosmos fas")],
        "cosmos fas",
        "services[0].resource_id",
        "write an Azure resource id",
    ),
    "no region name": ([("  app: australiaeast", "  app: Australia East")], "Australia E", "platform.app", "japaneast"),
    "no mail address": ([("mail: dave@contoso.com", "mail: dave")], "mail: dave", "people[3].mail", "a mail address"),
    "no object id": ([("00000000000d", "d")], "object_id: 22222222-2222-4222-8222-d", "people[3].object_id", "an id"),
    "unencrypted": ([("health_url: https", "health_url: http")], "url: http:", "services[1].health_url", "https://"),
    "unknown time zone": ([("Asia/Tokyo ", "Asia/Tokio ")], "Asia/Tokio ", "time_zone", "'Asia/Tokio' is no time zone"),
    "a drill that never fits": (
        [("  takes: PT1H ", "  takes: PT3H ")],
        "takes: PT3H",
        "drills.takes",
        "longer than the window's length",
    ),
    "two drills on a day": (
        [("date: 2027-03-15", "date: 2026-12-15")],
        "date: 2026-12-15, change: CHG-02701",
        "drills.dates[1].date",
        "already; keep one of the two",
    ),
    "a change without its number": (
        [("CHG-02704", "CHG-4")],
        "CHG-4",
        "drills.dates[4].change",
        "",
    ),
    "a folder of time zones": (
        [("at: 02:00", "at: 02:00\n    time_zone: America")],
        "time_zone: America\n    useful_for",
        "schedules[0].time_zone",
        "'America' is no time zone",
    ),
    # YAML
    "duplicate key": (
        [("rto: PT4H", "rto: PT4H\n    rto: PT5H")],
        "rto: PT5H",
        "services[0].rto",
        f"given twice (first on line {line_of(GOOD, FIRST_RTO)})",
    ),
    "alias": (
        [("rto: PT4H", "rto: &r PT4H"), ("database: agents", "database: *r")],
        "*r",
        "services[0].database",
        "write the value out",
    ),
    "tag": ([("rto: PT4H", "rto: !!python/name:os.system PT4H")], "os.system", "services[0].rto", "remove it"),
    # between the parts
    "service named twice": (
        [("name: front-door", "name: agent-service")],
        "name: agent-service\n    kind: traffic",
        "services[5].name",
        "stands on line",
    ),
    "tenant named twice": ([("name: fabrikam", "name: contoso")], "contoso\n    contacts: [tenant-admin@f", "tenants[1].name", "once"),
    "person named twice": ([("name: Dave", "name: alice")], "name: alice", "people[3].name", "each must be given once"),
    "mail twice": ([("mail: dave@", "mail: Alice@")], "Alice@", "people[3].mail", "each must be given once"),
    "identity twice": ([("00000000000d", "00000000000A")], "00000000000A", "people[3].object_id", "stands on line"),
    "alert rule twice": (
        [
            (
                "  - alert_rule: SystemAvailabilityDrop\n",
                "  - {alert_rule: SystemAvailabilityDrop, plan: x}\n  - alert_rule: SystemAvailabilityDrop\n",
            )
        ],
        "  - alert_rule: SystemAvailabilityDrop\n",
        "remediation[1].alert_rule",
        "stands on line",
    ),
    **{
        f"{place} in a region not listed": (
            [(f"  {place}: australiaeast", f"  {place}: autsraliaeast")],
            "autsraliaeast",
            f"platform.{place}",
            "not in regions; did you mean 'australiaeast'?",
        )
        for place in ("app", "scheduler", "keys", "mail")
    },
    "recovery region not listed": (
        [("recovery_region: japanwest", "recovery_region: koreacentral")],
        "koreacentral",
        "services[0].recovery_region",
        "not in regions",
    ),
    "recovers where it lives": (
        [("recovery_region: japanwest", "recovery_region:  japaneast")],
        "recovery_region:  japaneast",
        "services[0].recovery_region",
        "nothing survives there",
    ),
    **{
        f"{place} in a protected region": (
            [(f"  {place}: australiaeast", f"  {place}: japaneast")],
            f"  {place}: japaneast",
            f"platform.{place}",
            f"hosts the primary of agents-db (line {FIRST_REGION}): what recovers a region must not go down with it",
        )
        for place in ("app", "scheduler", "keys", "mail")
    },
    "index of an unknown service": (
        [("source: agents-db", "source: agent-db")],
        "source: agent-db",
        "services[2].source",
        "is no cosmos_db service; did you mean 'agents-db'?",
    ),
    "index of another kind": ([("source: agents-db", "source: agent-files")], "source:", "services[2].source", "cosmos_db"),
    "snapshots in another kind": (
        [("snapshot_storage: agent-files", "snapshot_storage: agents-db")],
        "snapshot_storage:",
        "services[2].snapshot_storage",
        "is no storage service",
    ),
    "depends on itself": (
        [("depends_on: [agents-db,", "depends_on: [agent-search,")],
        "depends_on:",
        "services[2].depends_on[0]",
        "is no other service",
    ),
    "no endpoint to recover to": (
        [("      japanwest: japanwest\n", "")],
        "endpoints:  ",
        "services[5].endpoints",
        "has no entry for japanwest",
    ),
    "another subscription": (
        [("00000000c0de/resourceGroups/rg-fas-japaneast/providers/Microsoft.D", "00000000c0d0/resourceGroups/rg/providers/Microsoft.D")],
        "00000000c0d0",
        "services[0].resource_id",
        "the estate in 00000000-0000-4000-8000-00000000c0de",
    ),
    "another type of resource": (
        [("managedEnvironments/cae", "containerApps/cae")],
        "containerApps/cae",
        "services[1].recovery_environment_id",
        "must be a Microsoft.App/managedEnvironments",
    ),
    "half a resource id": (
        [("/providers/Microsoft.KeyVault/vaults/kv-fas-japaneast", "")],
        "rg-fas-japaneast\n    recovery_resource_id",
        "services[4].resource_id",
        "providers/Microsoft.KeyVault/vaults/<name>",
    ),
    "recovers into itself": (
        [("rg-fas-japanwest/providers/Microsoft.KeyVault/vaults/kv-fas-japanwest", "rg-fas-japaneast/providers/Microsoft.KeyVault/vaults/kv-fas-JAPANEAST")],
        "JAPANEAST",
        "services[4].recovery_resource_id",
        "is the resource that is to be recovered",
    ),
    "unknown approver": (
        [("approvers: [bob@contoso.com,", "approvers: [bob@contoso.com, bod@contoso.com,")],
        "bod@",
        "approvals.recovery.approvers[1]",
        "did you mean 'bob@contoso.com'?",
    ),
    "approver without the role": (
        [("approvers: [bob@contoso.com,", "approvers: [bob@contoso.com, alice@contoso.com,")],
        "[bob@contoso.com, alice",
        "approvals.recovery.approvers[1]",
        "has not the role Approver",
    ),
    "approver named twice": (
        [("approvers: [bob@contoso.com,", "approvers: [bob@contoso.com, BOB@contoso.com,")],
        "BOB@",
        "approvals.recovery.approvers[1]",
        "counts once",
    ),
    "more approvals than approvers": (
        [("required: 2", "required: 4")],
        "required: 4",
        "approvals.recovery.required",
        "only 3 of the approvers can approve",
    ),
    "unsatisfiable when an approver asks": (
        [("required: 2", "required: 3")],
        "required: 3",
        "approvals.recovery.required",
        "nobody approves what they started",
    ),
    "kind of plan without a policy": (
        [("  remediation:\n    required: 0\n", "")],
        "approvals:\n",
        "approvals.remediation",
        "'required: 0' where nobody need agree",
    ),
    "nobody to tell": (
        [("stakeholders: [management@contoso.com, sre-team@contoso.com]", "stakeholders: []")],
        "stakeholders:",
        "stakeholders",
        "nobody would be told",
    ),
    "nobody to page": ([("[oncall-critical@contoso.com]", "[]")], "on_call: []", "on_call", "nobody would be paged"),
    "two rules for days": (
        [("at: 02:00", "at: 02:00\n    weekdays: [sun]\n    month_days: [2]")],
        "month_days: [2]\n",
        "schedules[0].month_days",
        "stands beside weekdays; keep one",
    ),
    "too soon useless": ([("useful_for: PT6H", "useful_for: PT5M")], "useful_for: PT5M", "schedules[0].useful_for", "PT10M"),
    "neither a time nor a pace": ([("    every: PT5M\n", "")], "- plan: canary", "schedules[1]", "add one of them"),
    "a time and a pace": ([("every: PT5M", "every: PT5M\n    at: 02:00")], "at: 02:00\n    useful_for: PT10M", "schedules[1].at", "stands beside every"),
    "too fast": ([("every: PT5M", "every: PT1M")], "every: PT1M", "schedules[1].every", "a multiple of PT5M"),
    "a pace that does not fit a day": ([("every: PT5M", "every: PT35M")], "every: PT35M", "schedules[1].every", "divides a day"),
    "two schedules at one time": (
        [("  - plan: daily\n", "  - {plan: daily, at: 02:00, weekdays: [sun]}\n  - plan: daily\n")],
        "at: 02:00\n",
        "schedules[1].at",
        "only one of them would",
    ),
    "deployment named twice": (
        [("{name: gpt-35-turbo,", "{name: GPT-4,")],
        "GPT-4",
        "services[6].deployments[1].name",
        "each must be given once",
    ),
    "no capacity": ([("capacity: 80", "capacity: 0")], "capacity: 0}", "services[6].deployments[0].capacity", "than or equal to 1"),
    "no deployments": (
        [("    deployments:  ", "    deployments: []  #"), ("      - {name: gpt-4,", "      # {"), ("      - {name: gpt-35", "      # {")],
        "deployments: []",
        "services[6].deployments",
        "at least 1 item",
    ),
    "clusters that may not grow": (
        [("Standard_D4s_v5, max_nodes: 8", "Standard_D4s_v5, min_nodes: 9, max_nodes: 8")],
        "min_nodes: 9",
        "services[7].computes[0].min_nodes",
        "is 9, more than max_nodes (8)",
    ),
    "backups in another kind": (
        [("backup_storage: training-data", "backup_storage: training-dat")],
        "training-dat ",
        "services[7].backup_storage",
        "is no storage service; did you mean 'training-data'?",
    ),
    "a sample job on no cluster": (
        [("compute: cpu-cluster-01", "compute: cpu-cluster-1")],
        "compute: cpu-cluster-1",
        "services[7].sample_job.compute",
        "is none of its computes; did you mean 'cpu-cluster-01'?",
    ),
    "container named twice": (
        [("containers: [curated, raw]", "containers: [curated, curated]")],
        "curated]",
        "services[8].containers[1]",
        "each must be given once",
    ),
    "an account of another kind": (
        [("accounts/aoai-prod-wus2-ai-01", "accountz/aoai-prod-wus2-ai-01")],
        "accountz",
        "services[6].recovery_resource_id",
        "must be a Microsoft.CognitiveServices/accounts",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "snippet", "field", "advice"), ONE_MISTAKE.values(), ids=ONE_MISTAKE.keys()
)
def test_a_mistake_is_named_with_its_line_and_field(changes, snippet, field, advice):
    text = changed(*changes)
    found = mistakes(text)
    assert len(found) == 1, found
    assert found[0].startswith(f"estate.yaml:{line_of(text, snippet)}: {field}: "), found
    assert advice in found[0]


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file():
    text = changed(("rto: PT4H", "rto: 4"), ("title:", "titel:"), ("at: 02:00", "at: 2"))
    assert [one.split(": ")[1] for one in mistakes(text)] == [
        "title",
        "titel",
        "services[0].rto",
        "schedules[0].at",
    ]


def test_all_contradictions_are_told_at_once():
    text = changed(
        ("app: australiaeast", "app: japaneast"),
        ("source: agents-db", "source: nothing"),
        ("stakeholders: [management@contoso.com, sre-team@contoso.com]", "stakeholders: []"),
    )
    assert [one.split(": ")[1] for one in mistakes(text)] == [
        "platform.app",
        "services[2].source",
        "stakeholders",
    ]


def test_a_duplicate_key_hides_no_other_mistake():
    text = changed(("rto: PT4H", "rto: PT4H\n    rto: PT5H"), ("database: agents", "database: 7"))
    assert [one.split(": ")[1] for one in mistakes(text)] == ["services[0].rto", "services[0].database"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "estate.yaml:1: is empty; start from a copy of shared/estate/contoso.yaml"),
        ("# nothing\n\n", "estate.yaml:1: is empty; start from a copy of shared/estate/contoso.yaml"),
        ("- a\n- b\n", "estate.yaml:1: is a list; write 'field: value' lines"),
        ("just text", "estate.yaml:1: is 'just text'; write 'field: value' lines"),
        ("name: a\nregions: [b\ntitle: c\n", "estate.yaml:3: this is no valid YAML: did not find expected ',' or ']'"),
        ("name: a\n\ttitle: c\n", "estate.yaml:2: this is no valid YAML: "),
        ('name: a\ntitle: "b\n', "a quoted scalar that begins on line 2"),
        ("name: a\ntitle: b\x07\n", "estate.yaml:2: the character U+0007 may not stand in YAML; remove it"),
        ("name: a\r\ntitle: b\u2028c\n", "estate.yaml:2: the character U+2028 may not stand in YAML; remove it"),
        ("name: *x\n", "estate.yaml:1: name: *x is an alias; write the value out"),
        ("[" * 900_000, "estate.yaml:1: is nested more than 20 levels deep"),
        ("name: a\nb:\n" + "".join(" " * n + "- \n" for n in range(60)), "estate.yaml:22: is nested more than 20"),
        ("? [a, b]\n: c\n", "estate.yaml:1: a list, mapping or alias cannot name a field"),
        ("x" * (LARGEST_FILE + 1), "estate.yaml: is larger than 1 MiB"),
    ],
)  # fmt: skip
def test_what_is_no_estate_at_all(text, expected):
    assert expected in "\n".join(mistakes(text))


def test_a_second_document_is_refused():
    assert mistakes(GOOD + "\n---\nname: other\n")[0].startswith(
        f"estate.yaml:{GOOD.count('\n') + 2}: a second document"
    )


def test_an_alias_bomb_costs_nothing():
    bomb = "a0: &a0 [x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 60)
    )
    begin = time.perf_counter()
    found = mistakes(GOOD + bomb)
    assert time.perf_counter() - begin < 2
    assert "*a0 is an alias; write the value out" in "\n".join(found)
    assert len(found) == 101
    assert found[-1].startswith("estate.yaml: and ")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([("database: agents", '"\\e[2J\\n": 1\n    database: agents')], "services[0]['\\x1b[2J\\n']: is no field here"),
        ([("database: agents", 'database: ["\\e[2J\\n"]'), ("rto: PT4H", 'rto: "\\e[2J"')], "is '\\x1b[2J'; write"),
        ([("name: Dave", 'name: "\\e[2J\\n"'), ("name: Erin", 'name: "\\e[2J\\n"')], "\\x1b[2J"),
    ],
)  # fmt: skip
def test_a_value_can_neither_break_a_line_nor_steer_a_terminal(changes, expected):
    found = mistakes(changed(*changes))
    assert all(line.isprintable() and line.startswith("estate.yaml:") for line in found)
    assert expected in "".join(found)


def test_yaml_11_surprises_do_not_happen():
    estate = parse(
        changed(
            (
                "at: 02:00",
                "at: 12:30\n    dates: [2027-03-15]\n    parameters: {country: no, odd: 1_0, deep: {on: true, off: 0.5}}",
            )
        ),
        name="estate.yaml",
    )
    schedule = estate.schedules[0]
    assert (schedule.at, schedule.dates) == (clock(12, 30), (date(2027, 3, 15),))
    assert schedule.parameters == {"country": "no", "odd": "1_0", "deep": {"on": True, "off": 0.5}}


def test_what_may_differ_is_accepted():
    estate = parse(
        "\ufeff" + changed(
            ("    resource_id: /subscriptions/00000000-0000-4000-8000-00000000c0de/resourceGroups/rg-fas-japaneast/providers/Microsoft.Doc", "    resource_id: /subscriptions/00000000-0000-4000-8000-00000000C0DE/resourcegroups/rg-fas-japaneast/providers/microsoft.doc"),
            ("approvers: [bob@", "approvers: [Bob@"),
            ("- plan: daily\n", "- {plan: weekly, at: 03:00, weekdays: [sun], useful_for: PT10M}\n  - {plan: weekly, at: 03:00, weekdays: [mon]}\n  - plan: daily\n"),
        ).replace("\n", "\r\n"),
        name="estate.yaml",
    )  # fmt: skip
    assert [schedule.useful_for for schedule in estate.schedules[:4]] == [
        timedelta(minutes=10),
        *[timedelta(hours=6)] * 2,
        timedelta(minutes=10),
    ]


def test_all_approvers_may_be_required_when_none_of_them_can_start_anything():
    text = changed(("required: 2", "required: 3")).replace(
        "roles: [Reader, Operator, Approver]", "roles: [Reader, Approver]"
    )
    assert parse(text, name="estate.yaml").name == "contoso"


def test_files_that_cannot_be_read(tmp_path):
    def refused(path: Path) -> str:
        with pytest.raises(EstateInvalid) as caught:
            load(path)
        return str(caught.value)

    assert (
        refused(tmp_path / "none.yaml")
        == f"{tmp_path}/none.yaml: cannot be read: No such file or directory; check the path"
    )
    assert "cannot be read: Is a directory" in refused(tmp_path)
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("name: a\ntitle: Zürich\n".encode("latin-1"))
    assert refused(latin) == f"{latin}:2: byte 0xfc is no UTF-8; save the file as UTF-8"
    large = tmp_path / "large.yaml"
    large.write_bytes(b"#" * (LARGEST_FILE + 1))
    assert "larger than 1 MiB" in refused(large)
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(changed(("rto: PT4H", "rto: 4")), encoding="utf-8")
    assert refused(wrong).startswith(f"{wrong}:{line_of(GOOD, FIRST_RTO)}: services[0].rto: ")


LINES = GOOD.splitlines(keepends=True)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_whatever_is_done_to_the_file_it_loads_or_says_where_it_is_wrong(data):
    lines = list(LINES)
    for _ in range(data.draw(st.integers(1, 3))):
        n = data.draw(st.integers(0, len(lines) - 1))
        match data.draw(st.sampled_from(["drop", "double", "indent", "value", "char", "swap"])):
            case "drop":
                lines[n] = "\n"
            case "double":
                lines.insert(n, lines[n])
            case "indent":
                lines[n] = " " + lines[n]
            case "value":
                junk = data.draw(
                    st.sampled_from(["", "[]", "{}", "null", "7", "true", "x", "[[1]]", "{a: {b: c}}", "*a"])
                )
                lines[n] = re.sub(r":.*", lambda _, junk=junk: f": {junk}", lines[n], count=1)
            case "char":
                at = data.draw(st.integers(0, len(lines[n])))
                lines[n] = lines[n][:at] + data.draw(st.characters()) + lines[n][at:]
            case _:
                m = data.draw(st.integers(0, len(lines) - 1))
                lines[n], lines[m] = lines[m], lines[n]
    text = "".join(lines)
    try:
        parse(text, name="estate.yaml")
    except EstateInvalid as error:
        for line in str(error).split("\n"):
            place = re.match(r"estate\.yaml:(\d+): \S", line)
            assert place, line
            assert 1 <= int(place[1]) <= text.count("\n") + 1
