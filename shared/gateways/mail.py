"""Mail through `azure-communication-email`; the operation id is the key, so no message goes out twice."""

import base64
import uuid
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from shared.errors import AzureCallFailed
from shared.gateways.connection import Connection, calling, missing, writing
from shared.importing import IMPORTING
from shared.model.wire import Frozen

_NAMESPACE = uuid.UUID("6f1f3c1e-5a0e-4b55-9d1b-3c7f0a5f9f10")


class Attachment(Frozen):
    """A file in a mail."""

    name: str
    media_type: str
    content: bytes


class Message(Frozen):
    """A mail to one or more people, as plain text and HTML."""

    to: tuple[str, ...]
    subject: str
    text: str
    html: str
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True)
class Mail:
    """Role: Communication and Email Service Owner, or a role with email send only."""

    connection: Connection
    endpoint: str
    sender: str

    @cached_property
    def _client(self) -> Any:  # noqa: ANN401 - generated client without useful types
        with IMPORTING:
            from azure.communication.email import EmailClient  # noqa: PLC0415

        return EmailClient(self.endpoint, self.connection.credential, **self.connection.client_options)

    def state(self, key: str) -> Literal["unsent", "running", "succeeded", "failed"]:
        """How the message with that key is doing."""
        return self.connection.look("mail", operation_id(key), lambda: self._state(key))

    def _state(self, key: str) -> Literal["unsent", "running", "succeeded", "failed"]:
        with IMPORTING:
            from azure.core.rest import HttpRequest  # noqa: PLC0415

        operation = operation_id(key)
        request = HttpRequest(
            "GET",
            f"{self.endpoint.rstrip('/')}/emails/operations/{operation}",
            params={"api-version": "2025-09-01"},
        )
        try:
            with calling("get mail status", operation):
                response = self._client.send_request(request)
                response.raise_for_status()
        except AzureCallFailed as error:
            if missing(error):
                return "unsent"
            raise
        status = str(response.json().get("status", "")).lower()
        if status in {"failed", "canceled"}:
            return "failed"
        return "succeeded" if status == "succeeded" else "running"

    def send(self, key: str, message: Message) -> None:
        """Hand the message over. The same key again is the same message."""
        body = {
            "senderAddress": self.sender,
            "recipients": {"to": [{"address": address} for address in message.to]},
            "content": {"subject": message.subject, "plainText": message.text, "html": message.html},
            "attachments": [
                {
                    "name": attachment.name,
                    "contentType": attachment.media_type,
                    "contentInBase64": base64.b64encode(attachment.content).decode(),
                }
                for attachment in message.attachments
            ],
        }
        self.connection.expect("mail", operation_id(key), lambda _: "succeeded")
        with writing("send mail", self.sender):
            self._client.begin_send(body, operation_id=operation_id(key), polling=False)


def operation_id(key: str) -> str:
    """The UUID that Communication Services wants, made from our key (run id and step)."""
    return str(uuid.uuid5(_NAMESPACE, key))
