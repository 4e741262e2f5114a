"""One key is one mail."""

import pytest

from shared.errors import AzureCallFailed
from shared.gateways.mail import Attachment, Message, operation_id
from tests.shared.actions.stage import Stage

MAIL = Message(
    to=("sre-team@contoso.com", "management@contoso.com"),
    subject="Recovered",
    text="plain",
    html="<p>rich</p>",
    attachments=(Attachment(name="report.pdf", media_type="application/pdf", content=b"%PDF-1.7 x"),),
)


def test_the_operation_id_is_the_same_uuid_for_the_same_key_for_ever() -> None:
    # Written down: another id would send the mails of runs in flight once more after an upgrade.
    assert operation_id("run/step") == "7ff6e19d-78fd-561b-92ca-13c1a6bddc13"
    assert operation_id("run/step") != operation_id("run/other")


def test_the_same_key_is_the_same_mail(stage: Stage) -> None:
    mail = stage.azure.mail
    assert mail.state("run/step") == "unsent"
    mail.send("run/step", MAIL)
    assert mail.state("run/step") == "running"
    mail.send("run/step", MAIL.model_copy(update={"subject": "Another"}))
    stage.lab.advance(6)
    assert mail.state("run/step") == "succeeded"
    (sent,) = stage.truth["mails"]
    assert (sent["subject"], sent["operation"]) == ("Recovered", operation_id("run/step"))


def test_another_key_is_another_mail(stage: Stage) -> None:
    stage.azure.mail.send("run/one", MAIL)
    stage.azure.mail.send("run/two", MAIL)
    assert len(stage.truth["mails"]) == 2


def test_a_mail_that_failed_says_so(stage: Stage) -> None:
    stage.lab.fault("lro_failed", "emails")
    stage.azure.mail.send("run/step", MAIL)
    stage.lab.advance(6)
    assert stage.azure.mail.state("run/step") == "failed"


def test_more_mail_than_the_service_takes_in_a_minute_may_come_later(stage: Stage) -> None:
    # Service limits for Azure Communication Services: 30 a minute and 100 an hour from a custom domain.
    for number in range(30):
        stage.azure.mail.send(f"run/{number}", MAIL)
    with pytest.raises(AzureCallFailed) as caught:
        stage.azure.mail.send("run/30", MAIL)
    assert (caught.value.status, caught.value.retryable) == (429, True)
    assert caught.value.retry_after is not None
    assert 0 < caught.value.retry_after <= 61
    stage.lab.advance(caught.value.retry_after)
    stage.azure.mail.send("run/30", MAIL)
    assert len(stage.truth["mails"]) == 31
