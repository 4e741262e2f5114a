"""What Communication Services takes as an e-mail: checked, and written as an RFC 5322 message."""

import base64
import binascii
import re
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Any

from infra.local.azure.core.clock import http_date
from infra.local.azure.core.errors import ArmError
from infra.local.azure.core.store import Json

LARGEST_REQUEST = 10 * 1024 * 1024
MOST_RECIPIENTS = 50
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@([A-Za-z0-9-]+\.)+[A-Za-z0-9-]{2,}")
_HEADER = re.compile(r"[\x21-\x39\x3b-\x7e]+")
# Seven bits, so that the message survives every store as text; Communication Services sends it the same way.
_POLICY = policy.SMTP.clone(cte_type="7bit")


def refused(message: str, code: str = "BadRequest", status: int = 400) -> ArmError:
    return ArmError(status, code, message)


def sender_of(body: Json) -> str:
    sender = body.get("senderAddress")
    if not isinstance(sender, str) or not _ADDRESS.fullmatch(sender):
        raise refused(
            f"Request body validation error. See property 'senderAddress': '{sender}' is no address."
        )
    return sender


def recipients_of(body: Json) -> list[str]:
    """Return all addresses of a message that was checked."""
    groups: Json = body["recipients"]
    return [entry["address"] for kind in ("to", "cc", "bcc") for entry in groups.get(kind) or []]


def check(body: Json) -> None:
    """Raise the service's 400 for what it would not send."""
    _check_recipients(body.get("recipients"))
    content = body.get("content")
    if not isinstance(content, dict) or not _text(content.get("subject")):
        raise refused("Request body validation error. See property 'content.subject': it is required.")
    if not _text(content.get("plainText")) and not _text(content.get("html")):
        raise refused("Request body validation error. 'content' needs one of 'plainText' and 'html'.")
    if re.search(r"[\r\n]", content["subject"]):
        raise refused("Request body validation error. See property 'content.subject': it holds a line break.")
    for name, value in (body.get("headers") or {}).items():
        if not _HEADER.fullmatch(name) or not isinstance(value, str) or re.search(r"[\r\n]", value):
            raise refused(f"Request body validation error. See property 'headers': '{name}' is no header.")
    _check_addresses("replyTo", body.get("replyTo") or [])
    for place, attachment in enumerate(body.get("attachments") or []):
        _content_of(attachment, place)


def _check_recipients(groups: Any) -> None:  # noqa: ANN401 - JSON as it came
    if not isinstance(groups, dict) or not groups.get("to"):
        raise refused(
            "Request body validation error. See property 'recipients.to': at least one is required."
        )
    for kind in ("to", "cc", "bcc"):
        _check_addresses(f"recipients.{kind}", groups.get(kind) or [])
    if sum(len(groups.get(kind) or []) for kind in ("to", "cc", "bcc")) > MOST_RECIPIENTS:
        raise refused(
            f"The number of recipients exceeds the limit of {MOST_RECIPIENTS}.", "TooManyRecipients"
        )


def _check_addresses(field: str, entries: Any) -> None:  # noqa: ANN401 - JSON as it came
    if not isinstance(entries, list):
        raise refused(f"Request body validation error. See property '{field}': a list is expected.")
    for entry in entries:
        address = entry.get("address") if isinstance(entry, dict) else None
        if not isinstance(address, str) or not _ADDRESS.fullmatch(address):
            raise refused(
                f"Invalid format for email address in '{field}': '{address}'.", "InvalidEmailAddress"
            )


def _text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _content_of(attachment: Any, place: int) -> bytes:  # noqa: ANN401 - JSON as it came
    field = f"attachments[{place}]"
    if not isinstance(attachment, dict) or not _text(attachment.get("name")):
        raise refused(f"Request body validation error. See property '{field}.name': it is required.")
    if not isinstance(attachment.get("contentType"), str) or "/" not in attachment["contentType"]:
        raise refused(f"Request body validation error. See property '{field}.contentType': it is required.")
    try:
        content = base64.b64decode(attachment.get("contentInBase64") or "", validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        raise refused(f"'{field}.contentInBase64' is not base64: {error}.", "InvalidAttachment") from error
    if not content:
        raise refused(f"Request body validation error. '{field}.contentInBase64' is empty.")
    return content


def written(body: Json, operation: str, moment: float) -> str:
    """Return the message as it goes out, with CRLF line ends; Bcc stays out of it, as on the wire."""
    mail = EmailMessage(policy=_POLICY)
    content: Json = body["content"]
    groups: Json = body["recipients"]
    sender = sender_of(body)
    mail["From"] = sender
    for name, entries in (("To", groups["to"]), ("Cc", groups.get("cc")), ("Reply-To", body.get("replyTo"))):
        if entries:
            mail[name] = [
                Address(entry.get("displayName") or "", addr_spec=entry["address"]) for entry in entries
            ]
    mail["Subject"] = content["subject"]
    mail["Date"] = http_date(moment).replace("GMT", "+0000")
    mail["Message-ID"] = f"<{operation}@{sender.rpartition('@')[2]}>"
    for name, value in (body.get("headers") or {}).items():
        if name not in mail:
            mail[name] = value
    if _text(content.get("plainText")):
        mail.set_content(content["plainText"])
        if _text(content.get("html")):
            mail.add_alternative(content["html"], subtype="html")
    else:
        mail.set_content(content["html"], subtype="html")
    for place, attachment in enumerate(body.get("attachments") or []):
        kind, _, subtype = attachment["contentType"].partition(";")[0].strip().partition("/")
        mail.add_attachment(
            _content_of(attachment, place), maintype=kind, subtype=subtype, filename=attachment["name"]
        )
    return mail.as_bytes().decode("ascii")
