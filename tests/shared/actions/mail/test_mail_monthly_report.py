"""Stakeholders get the report that this run has made, once, with its PDF."""

from email import message_from_bytes, policy
from pathlib import Path

import pytest

from shared.actions.mail.mail_monthly_report import mail_monthly_report
from shared.model.plan import Step
from tests.shared.actions.changes_once import ChangesOnce, Scenario, contoso
from tests.shared.actions.maintenance.test_generate_monthly_report import THIS, begun, generate
from tests.shared.actions.stage import Stage, StepFailed
from tests.shared.reports.reading import pdf_text


def send() -> Step:
    return mail_monthly_report.step(to=contoso().stakeholders, month=THIS)


def prepared(stage: Stage) -> None:
    stage.lab.advance(60)
    stage.carry_out(generate(), record=begun())


def told_once(stage: Stage) -> None:
    (mail,) = stage.truth["mails"]
    assert mail["to"] == list(contoso().stakeholders)
    assert mail["status"] == "Succeeded"


class TestMail(ChangesOnce):
    scenario = Scenario(step=send, prepare=prepared, reached=told_once, record=begun)


def test_the_mail_has_the_report_with_it(stage: Stage, tmp_path: Path) -> None:
    stage.lab.world.mail_folder = tmp_path
    prepared(stage)
    stage.carry_out(send(), record=begun())
    stage.lab.advance(5)
    (file,) = tmp_path.glob("*.eml")
    message = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert message["to"] == ", ".join(contoso().stakeholders)
    assert "January 2026" in message["subject"]
    assert "January 2026" in message.get_body(("plain",)).get_content()
    (attached,) = message.iter_attachments()
    assert attached.get_filename() == f"operations-{THIS}.pdf"
    assert "January 2026" in pdf_text(attached.get_content())


def test_a_report_of_another_run_is_not_sent_in_its_place(stage: Stage) -> None:
    prepared(stage)
    stage.from_now()
    with pytest.raises(StepFailed, match=f"this run has made no report of {THIS}"):
        stage.carry_out(send(), record=begun(), run_id="maintenance-monthly-20260102T0400")
    assert stage.writes == []
