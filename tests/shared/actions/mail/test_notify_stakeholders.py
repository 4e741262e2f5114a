"""The stakeholders get one mail, however often the step is tried."""

from email import message_from_bytes, policy
from pathlib import Path

import pytest

from shared.actions.mail.notify_stakeholders import notify_stakeholders
from shared.model.plan import Step
from shared.model.run import RunRecord, RunStatus, StepStatus
from tests.shared.actions.changes_once import ChangesOnce, Scenario, contoso
from tests.shared.actions.stage import Stage, StepFailed
from tests.shared.reports import samples


def tell() -> Step:
    return notify_stakeholders.step(to=contoso().stakeholders)


def record() -> RunRecord:
    return samples.success()


def told_once(stage: Stage) -> None:
    (mail,) = stage.truth["mails"]
    assert mail["to"] == list(contoso().stakeholders)
    assert mail["status"] == "Succeeded"


class TestMail(ChangesOnce):
    scenario = Scenario(step=tell, reached=told_once, record=record)


def test_the_mail_says_how_the_run_went(stage: Stage, tmp_path: Path) -> None:
    stage.lab.world.mail_folder = tmp_path
    stage.carry_out(tell(), record=record())
    stage.lab.advance(5)
    (file,) = tmp_path.glob("*.eml")
    message = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert message["to"] == ", ".join(contoso().stakeholders)
    assert record().run_id in message.get_body(("plain",)).get_content()


def test_another_run_is_another_mail(stage: Stage) -> None:
    stage.carry_out(tell(), record=record())
    stage.carry_out(tell(), record=record(), run_id="recovery-region_outage-20260102T000000-00000000")
    assert len(stage.truth["mails"]) == 2


def test_a_mail_that_the_service_gave_up_on_is_sent_again_a_few_times(stage: Stage) -> None:
    stage.lab.fault("lro_failed", "emails", count=2)
    stage.carry_out(tell(), record=record())
    assert [mail["status"] for mail in stage.truth["mails"]] == ["Failed", "Failed", "Succeeded"]


def test_in_the_end_people_hear_that_nobody_was_told(stage: Stage) -> None:
    stage.lab.fault("lro_failed", "emails")
    with pytest.raises(StepFailed, match=r"gave up on the mail to management@contoso.com.*3 times"):
        stage.carry_out(tell(), record=record())
    assert len(stage.truth["mails"]) == 3


def test_without_a_record_there_is_nothing_to_tell(stage: Stage) -> None:
    with pytest.raises(StepFailed, match="no record to tell of"):
        stage.carry_out(tell())
    assert stage.writes == []


def test_while_its_own_step_runs_the_mail_tells_the_success_that_it_is(stage: Stage) -> None:
    finished = record()
    steps = tuple(
        step.model_copy(update={"status": StepStatus.RUNNING, "finished_at": None})
        if step.name == "notify_stakeholders"
        else step
        for step in finished.steps
    )
    running = finished.model_copy(update={"status": RunStatus.RUNNING, "finished_at": None, "steps": steps})
    stage.carry_out(tell(), record=running)
    (mail,) = stage.truth["mails"]
    assert "Service was restored in" in mail["subject"]
    assert "Running" not in mail["subject"]
