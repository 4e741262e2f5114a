"""Only somebody whose duty it is declares a disaster: known by identity, as requester or as approver."""

import pytest

from shared.actions.disaster.declare_disaster import declare_disaster
from shared.model.plan import Mode
from shared.model.run import Approval, RunRecord
from tests.shared.actions.changes_once import contoso
from tests.shared.actions.stage import Stage, StepFailed
from tests.shared.reports import samples

STEP = declare_disaster.step(duty="incident-commander")


def identity(who: str) -> str:
    person = contoso().person_by_mail(f"{who}@contoso.com")
    assert person
    return person.id


def agreed(who: str, decision: str = "approve") -> Approval:
    found = samples.approval(f"{who}@contoso.com", 10, decision, f"{who} has seen it")
    return found.model_copy(update={"approver_id": identity(who)})


def record(requester: str, *approvals: Approval) -> RunRecord:
    found = samples.success()
    about = {
        "requester_id": requester,
        "approvals": approvals,
        "approvals_required": 2,
        "reason": "it is lost",
    }
    return found.model_copy(update=about)


def test_the_commander_declares_by_starting_the_run(stage: Stage) -> None:
    done = stage.carry_out(STEP, record=record(identity("erin"), agreed("bob"), agreed("carol")))
    assert done.outcome.summary == "Erin (incident-commander) has declared the disaster: it is lost"
    assert done.outcome.evidence["as"] == "requester"
    assert not done.outcome.changed


def test_the_commander_declares_by_approving_it(stage: Stage) -> None:
    done = stage.carry_out(STEP, record=record(identity("alice"), agreed("bob"), agreed("erin")))
    assert done.outcome.summary.endswith("declared the disaster: erin has seen it")
    assert done.outcome.evidence["identity"] == identity("erin")


def test_nobody_else_s_word_counts(stage: Stage) -> None:
    with pytest.raises(
        StepFailed, match=r"nobody with the duty incident-commander .* let erin@contoso.com start"
    ):
        stage.carry_out(STEP, record=record(identity("alice"), agreed("bob"), agreed("carol")))


def test_a_name_proves_nothing(stage: Stage) -> None:
    named = samples.approval("erin@contoso.com", 10).model_copy(update={"approver_id": "t/somebody"})
    told = record("", agreed("bob"), named).model_copy(update={"requested_by": "erin@contoso.com"})
    with pytest.raises(StepFailed, match=r"nobody with the duty"):
        stage.carry_out(STEP, record=told)


def test_a_rejection_declares_nothing(stage: Stage) -> None:
    told = record(identity("alice"), agreed("bob"), agreed("erin", "reject"))
    with pytest.raises(StepFailed, match=r"nobody with the duty"):
        stage.carry_out(STEP, record=told)


def test_before_anybody_could_approve_it_says_who_will(stage: Stage) -> None:
    done = stage.carry_out(STEP, record=record(identity("alice")))
    assert done.outcome.summary == "the incident-commander declares the disaster by approving the run"


def test_a_drill_needs_none(stage: Stage) -> None:
    assert "a drill" in stage.carry_out(STEP, mode=Mode.DRILL, record=record("")).outcome.summary


def test_without_a_record_there_is_no_declaration(stage: Stage) -> None:
    with pytest.raises(StepFailed, match="no record"):
        stage.carry_out(STEP)
