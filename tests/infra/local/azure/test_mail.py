import base64
import json
import signal
import socket
import subprocess
import sys
import time
import uuid
from contextlib import contextmanager
from email import message_from_bytes, policy
from pathlib import Path

import httpx
import pytest
from azure.communication.email import EmailClient
from azure.core.exceptions import HttpResponseError

from infra.local.azure import ManualClock
from shared.gateways.mail import Attachment, Mail, Message
from tests.infra.local.azure.data_planes import Lab, lab, running

assert lab  # a fixture: imported for its name
ROOT = Path(__file__).parents[4]
ENDPOINT = "https://acs-fas-prod.communication.azure.com"
SENDER = "ops@fas.contoso.com"


def message(**changes):
    body = {
        "senderAddress": SENDER,
        "recipients": {"to": [{"address": "bob@contoso.com", "displayName": "Bob 山田"}]},
        "content": {"subject": "地域障害: region outage", "plainText": "Grüße", "html": "<p>Grüße</p>"},
        "attachments": [
            {
                "name": "report.pdf",
                "contentType": "application/pdf",
                "contentInBase64": base64.b64encode(b"%PDF\x00\xff").decode(),
            }
        ],
    }
    return {**body, **changes}


def client(lab: Lab) -> EmailClient:
    return EmailClient(ENDPOINT, **lab.sdk)


def refused(lab: Lab, body, operation=None) -> HttpResponseError:
    with pytest.raises(HttpResponseError) as caught:
        client(lab).begin_send(body, operation_id=operation, polling=False)
    return caught.value


def test_a_mail_runs_five_seconds_and_lies_in_the_folder_as_it_was_sent(tmp_path):
    with running(tmp_path / "state.db") as lab:
        operation = str(uuid.uuid4())
        answers = []
        poller = client(lab).begin_send(
            message(),
            operation_id=operation,
            polling_interval=0,
            raw_response_hook=lambda r: answers.append(json.loads(r.http_response.read())),
        )
        assert answers[0] == {"id": operation, "status": "Running", "error": None}
        lab.advance(4)
        assert poller.status() in {"Running", "InProgress"}
        lab.advance(2)
        assert poller.result()["status"] == "Succeeded"

        (listed,) = lab.truth()["mails"]
        assert listed["to"] == ["bob@contoso.com"]
        assert listed["file"] == str(tmp_path / "mail" / f"000001-{operation}.eml")
        assert [path.name for path in (tmp_path / "mail").iterdir()] == [f"000001-{operation}.eml"]
        mail = message_from_bytes(next((tmp_path / "mail").iterdir()).read_bytes(), policy=policy.SMTP)
        assert not mail.defects
        assert mail["Subject"] == "地域障害: region outage"
        assert mail["To"].addresses[0].display_name == "Bob 山田"
        assert mail.get_body(("plain",)).get_content().strip() == "Grüße"
        (attached,) = mail.iter_attachments()
        assert (attached.get_filename(), attached.get_content()) == ("report.pdf", b"%PDF\x00\xff")


def test_the_same_operation_id_is_the_same_mail_also_after_a_restart(tmp_path):
    operation, clock = str(uuid.uuid4()), ManualClock()
    with running(tmp_path / "state.db", clock) as lab:
        for _ in range(2):
            client(lab).begin_send(message(), operation_id=operation, polling=False)
        lab.fault("ack_lost", "/emails:send", count=1)
        with pytest.raises(Exception, match="onnection"):
            client(lab).begin_send(message(), operation_id=str(uuid.uuid4()), polling=False)
    with running(tmp_path / "state.db", clock) as lab:
        client(lab).begin_send(message(), operation_id=operation.upper(), polling=False)
        lab.advance(6)
        assert [mail["status"] for mail in lab.truth()["mails"]] == ["Succeeded"] * 2
    assert len(list((tmp_path / "mail").iterdir())) == 2


def test_killed_while_mails_arrive_it_keeps_each_accepted_one_once(tmp_path):
    state, port = tmp_path / "state.db", free_port()
    operations = [str(uuid.uuid4()) for _ in range(24)]
    headers = {"x-sim-host": "acs-fas-prod.communication.azure.com", "Authorization": "Bearer t"}

    def send(operation):
        url = f"http://127.0.0.1:{port}/emails:send?api-version=2025-09-01"
        return httpx.post(url, json=message(), headers={**headers, "Operation-Id": operation}).status_code

    for life in range(3):
        with simulator(port, state):
            for operation in operations[: 8 * (life + 1)]:
                assert send(operation) == 202
    with simulator(port, state):
        deadline = time.monotonic() + 10
        while len(list((tmp_path / "mail").glob("*.eml"))) < 24 and time.monotonic() < deadline:
            time.sleep(0.05)
        mails = httpx.get(f"http://127.0.0.1:{port}/_sim/world").json()["mails"]
    assert [mail["operation"] for mail in mails] == operations
    names = sorted(path.name for path in (tmp_path / "mail").iterdir())
    assert names == [f"{number:06d}-{operation}.eml" for number, operation in enumerate(operations, start=1)]


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextmanager
def simulator(port, state):
    """The simulated Azure in a process of its own, which is killed at the end."""
    command = [sys.executable, "-m", "infra.local.azure", "--port", str(port), "--state", str(state)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert "simulated Azure at" in process.stdout.readline()
            yield
        finally:
            process.send_signal(signal.SIGKILL)


def test_a_file_that_was_lost_before_it_was_noted_is_written_again(tmp_path, monkeypatch):
    (tmp_path / "mail").write_text("in the way")
    with running(tmp_path / "state.db") as lab:
        client(lab).begin_send(message(), polling=False)
        lab.advance(2)
        assert lab.truth()["mails"][0]["file"] is None
        (tmp_path / "mail").unlink()
        lab.advance(2)
        assert lab.truth()["mails"][0]["file"]
    assert len(list((tmp_path / "mail").glob("*.eml"))) == 1


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"senderAddress": "ops@elsewhere.example"}, 404, "DomainNotLinked"),
        ({"senderAddress": "nobody"}, 400, "BadRequest"),
        ({"recipients": {"to": []}}, 400, "BadRequest"),
        ({"recipients": {"to": [{"address": "not an address"}]}}, 400, "InvalidEmailAddress"),
        (
            {"recipients": {"to": [{"address": f"u{i}@contoso.com"} for i in range(51)]}},
            400,
            "TooManyRecipients",
        ),
        ({"content": {"subject": "", "plainText": "x"}}, 400, "BadRequest"),
        ({"content": {"subject": "x"}}, 400, "BadRequest"),
        ({"content": {"subject": "a\r\nBcc: x@y.zz", "plainText": "x"}}, 400, "BadRequest"),
        (
            {"attachments": [{"name": "a", "contentType": "text/plain", "contentInBase64": "%%%"}]},
            400,
            "InvalidAttachment",
        ),
    ],
)
def test_what_cannot_be_sent_is_refused_and_leaves_nothing(lab, changes, status, code):
    error = refused(lab, message(**changes))
    assert (error.status_code, error.error.code) == (status, code)
    assert lab.truth()["mails"] == []


def test_an_attachment_that_is_too_large_is_refused(lab):
    big = base64.b64encode(bytes(8 * 1024 * 1024)).decode()
    attachment = {"name": "a.bin", "contentType": "application/octet-stream", "contentInBase64": big}
    assert refused(lab, message(attachments=[attachment])).status_code == 413


def test_the_thirty_first_mail_in_a_minute_waits(lab):
    for _ in range(30):
        client(lab).begin_send(message(), polling=False)
    error = refused(lab, message())
    assert error.status_code == 429
    lab.advance(float(error.response.headers["Retry-After"]))
    client(lab).begin_send(message(), polling=False)
    assert len(lab.truth()["mails"]) == 31


def test_without_a_token_nothing_is_taken(lab):
    answer = lab.http.post(f"{ENDPOINT}/emails:send?api-version=2025-09-01", json=message())
    assert answer.status_code == 401
    assert lab.http.get(f"{ENDPOINT}/emails/operations/{uuid.uuid4()}").status_code == 401


def test_a_failed_operation_says_so(lab):
    lab.fault("lro_failed", "mail.send", code="EmailDropped", count=1)
    poller = client(lab).begin_send(message(), polling_interval=0)
    lab.advance(6)
    with pytest.raises(HttpResponseError, match="EmailDropped"):
        poller.result()


def test_our_gateway_sends_once_and_sees_it_through(lab):
    mail = Mail(lab.connection, ENDPOINT, SENDER)
    attachment = Attachment(name="r.html", media_type="text/html", content=b"<p>x</p>")
    letter = Message(to=("a@contoso.com",), subject="s", text="t", html="<p>t</p>", attachments=(attachment,))
    assert mail.state("k") == "unsent"
    mail.send("k", letter)
    mail.send("k", letter)
    assert mail.state("k") == "running"
    lab.advance(6)
    assert mail.state("k") == "succeeded"
    assert len(lab.truth()["mails"]) == 1
