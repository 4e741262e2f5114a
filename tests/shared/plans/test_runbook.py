"""Runbook pages for plans of every shape: what they say, and that nothing is said of what is not so."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from shared.actions.cosmos.failover_cosmos_db import failover_cosmos_db
from shared.actions.readiness.validate_services import validate_services
from shared.actions.storage.failover_storage import failover_storage
from shared.model.estate import CosmosDb, Estate, RemediationRule, Storage
from shared.model.plan import ApprovalPolicy, Mode, Plan, PlanKind, Retry, Step
from shared.model.wire import Strict
from shared.plans.diagram import diagrams
from shared.plans.planning import NoParameters, PlanMaker, PlanRequest, plan
from shared.plans.recovery.region_outage import region_outage
from shared.plans.runbook import page
from tests.shared.actions.stage import contoso


class Wanted(Strict):
    """What is to be moved."""

    database: str
    careful: bool = False


def first_database(estate: Estate) -> Wanted:
    return Wanted(database=estate.of_kind(CosmosDb)[0].name)


def steps(estate: Estate) -> tuple[Step, ...]:
    database, files = estate.of_kind(CosmosDb)[0], estate.of_kind(Storage)[0]
    home = files.model_copy(update={"region": files.recovery_region, "recovery_region": files.region})
    begin = failover_cosmos_db.step(name="begin", service=database, deadline=timedelta(hours=2))
    middle = failover_storage.step(
        name="middle",
        needs=(begin,),
        service=files,
        outage_started_at=None,
        undo=failover_storage.step(service=home),
        retry=Retry(attempts=1),
    )
    end = validate_services.step(
        name="end", needs=(begin, middle), services=(), tenants=(), region="japanwest", critical=False
    )
    return begin, middle, end


def maker(
    kind: PlanKind = PlanKind.RECOVERY, parameters: type[Strict] = NoParameters, **more: Any
) -> PlanMaker:
    example = more.pop("example", None)

    @plan(kind, parameters, example)
    def move_things(estate: Estate, _request: PlanRequest, _parameters: Strict) -> Plan:
        """Moves things.

        Slowly.
        """
        given = {"approval": ApprovalPolicy(required=0), "steps": steps(estate), **more}
        return Plan(name="move_things", kind=kind, title="Move all things", **given)

    return move_things


def row(text: str, step: str) -> list[str]:
    line = next(line for line in text.splitlines() if f"| `{step}`<br/>" in line)
    return [cell.strip() for cell in line.strip("|").split("|")]


def bodies(text: str) -> list[dict[str, Any]]:
    return [json.loads(body) for body in re.findall(r"-d '(.+)'$", text, re.MULTILINE)]


def test_a_row_says_what_a_step_does_waits_for_and_may_take() -> None:
    text = page(maker(), contoso())
    assert row(text, "begin")[2:] == [
        "`agents-db`",
        "",
        "2\N{NO-BREAK SPACE}h",
        "8 in 2\N{NO-BREAK SPACE}min",
        "**asks you**",
        "",
    ]
    assert row(text, "middle")[2:] == [
        "`agent-files`",
        "1",
        "4\N{NO-BREAK SPACE}h",
        "1",
        "**asks you**",
        "yes",
    ]
    assert row(text, "end")[2:4] == ["nothing", "1, 2"]
    assert row(text, "end")[-2:] == ["goes on", ""]


def test_an_undo_says_which_way_it_goes_and_what_stays_is_named() -> None:
    text = page(maker(), contoso())
    assert (
        "| `undo_middle` | Makes the recovery region the primary of a storage account. | `agent-files` (from japanwest to japaneast) |"
        in text
    )
    assert "Stays as it is: what `begin` did." in text


def test_a_real_recovery_says_since_when_and_a_drill_does_not() -> None:
    recovery, drill = bodies(page(maker(), contoso())), bodies(page(maker(PlanKind.DRILL), contoso()))
    assert recovery[0] == recovery[1] == {"mode": "real", "outage_started_at": "SINCE", "reason": "WHY"}
    assert drill[0] == {"mode": "drill", "reason": "WHY"}
    assert "Nobody is asked: at the first critical failure" in page(maker(PlanKind.DRILL), contoso())


def test_parameters_that_must_be_given_stand_in_the_call() -> None:
    text = page(maker(parameters=Wanted, example=first_database), contoso())
    assert bodies(text)[1]["parameters"] == {"database": "agents-db"}
    assert "| `database` | yes | text |" in text
    assert "| `careful` | no | boolean |" in text
    with pytest.raises(ValueError, match="give @plan an example, for it asks for database"):
        page(maker(parameters=Wanted), contoso())


def test_what_begins_with_alerts_only_is_not_started_by_hand() -> None:
    rule = RemediationRule(alert_rule="TooManyThings", plan="move_things", start="start")
    text = page(maker(PlanKind.REMEDIATION), contoso().model_copy(update={"remediation": (rule,)}))
    assert "| Begins with | alert `TooManyThings` starts it |" in text
    assert "May start it" not in text
    assert "/preview" not in text


def test_who_must_approve_and_who_may_alone() -> None:
    policy = ApprovalPolicy(
        required=1,
        approvers=("bob@contoso.com", "erin@contoso.com"),
        declared_by="incident-commander",
        break_glass_after=timedelta(minutes=15),
    )
    text = page(maker(approval=policy), contoso())
    assert (
        "| Must approve | 1 of bob@contoso.com, erin@contoso.com within 1 h, never who started it; the incident-commander"
        in text
    )
    assert (
        '| Break glass | after 15 min the incident-commander may approve alone, with `"break_glass": true`'
        in text
    )
    assert {"decision": "approve", "reason": "WHY"} in bodies(text)
    assert "Approve it" not in page(maker(), contoso())


def test_of_steps_of_which_one_is_to_help_none_asks() -> None:
    text = page(maker(PlanKind.REMEDIATION, mode="first_success"), contoso())
    assert "asks you" not in text
    assert "one after the other until one helps" in text


ARROW = re.compile(r"^  (\w+) --> (\w+)$", re.MULTILINE)


def test_the_diagram_has_every_step_and_no_arrow_that_says_nothing() -> None:
    made = region_outage(contoso(), PlanRequest(mode=Mode.REAL))
    (drawn,) = diagrams(made)
    arrows = set(ARROW.findall(drawn))
    assert ("begin", "validate_dr_region") in arrows
    assert ("restore_ai_search", "update_dns_records") in arrows
    assert ("failover_cosmos_db", "update_dns_records") not in arrows, (
        "restore_ai_search waits for it already"
    )
    assert {step for arrow in arrows for step in arrow} == {"begin", *(step.name for step in made.steps)}
    assert re.search(r'notify_stakeholders\(\[".*"\]\):::gentle', drawn)
    assert re.search(r'failover_cosmos_db\[".*<br/>up to 4 h"\]:::changes', drawn)
    assert re.search(r'validate_services\[".*"\]:::looks', drawn)


def test_a_long_plan_is_drawn_in_rows_that_begin_where_the_one_before_ends() -> None:
    whole = plan_of_length(11)
    first, second = diagrams(whole)
    assert [len(ARROW.findall(row)) for row in (first, second)] == [5, 5]
    assert 'begin(["after 6"])' in second
    assert ARROW.findall(second)[0] == ("begin", "step_7")
    assert len(diagrams(plan_of_length(8))) == 1


def test_a_row_is_cut_only_where_everything_waits() -> None:
    """Two chains side by side have no such place, however long they are."""
    one, other = plan_of_length(9, "one").steps, plan_of_length(9, "other").steps
    assert (
        len(diagrams(Plan(name="two", kind=PlanKind.OPERATION, title="Two chains", steps=(*one, *other))))
        == 1
    )


def plan_of_length(length: int, name: str = "step") -> Plan:
    chain: list[Step] = []
    for number in range(1, length + 1):
        chain.append(Step(name=f"{name}_{number}", action="a", needs=tuple(step.name for step in chain[-1:])))
    return Plan(name="long", kind=PlanKind.OPERATION, title="A long one", steps=tuple(chain))
