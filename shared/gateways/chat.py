"""Chats and pagers through Apprise, whose plugins are led through our transport."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from shared.errors import AzureCallFailed
from shared.gateways.connection import RETRYABLE, Connection, writing
from shared.gateways.ticket_systems.desk import label, one_line
from shared.gateways.tickets import secret_of
from shared.importing import IMPORTING
from shared.model.on_call import Channel, OnCall
from shared.model.severity import Severity

_OPERATION = "send message"
_LONGEST_TEXT = 3000
_session: ContextVar[Any] = ContextVar("session", default=None)
_VERBS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "request"})


@dataclass(frozen=True)
class Chat:
    """The Apprise URL of a channel is read from Key Vault when it is needed, and kept nowhere."""

    connection: Connection
    on_call: OnCall | None

    def send(self, channel: str, key: str, title: str, text: str, severity: Severity) -> None:
        """A message to the channel of that name. Raises AzureCallFailed.

        A pager takes the key, so the same key is the same page; a chat takes none, so a message whose answer was lost
        comes again when it is sent again.
        """
        found = self.on_call.channel(channel) if self.on_call else None
        if found is None:
            message = "is no channel of the estate; correct escalation.teams[].channels"
            raise AzureCallFailed(_OPERATION, channel, 404, message, retryable=False)
        plugin = _plugin(found, secret_of(self.connection, found.secret))
        _pass_key(plugin, key)
        with writing(_OPERATION, channel), _through(self.connection, channel):
            # Hostile text may not call for people: chats read <!channel> and @here as orders.
            said = _calm(text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…")
            if not plugin.notify(body=said, title=_calm(one_line(title, 200)), notify_type=_type(severity)):
                raise _Refused


class _Refused(Exception):  # noqa: N818 - named for what happened
    """The plugin says that its message was not taken; why, only the transport knows."""


@contextmanager
def _through(connection: Connection, channel: str) -> Generator[None]:
    """Let what is sent inside go through the connection, and say why it failed."""
    with IMPORTING:
        from shared.gateways.requests_transport import endpoint_session  # noqa: PLC0415 - imports requests

    session, adapter = endpoint_session(connection.endpoint, connection.preview)
    token = _session.set(session)
    try:
        with session:
            yield
    except _Refused as refused:
        answer = adapter.answer
        if answer is None:
            detail = type(adapter.error).__name__ if adapter.error else "the plugin did not take the message"
            raise AzureCallFailed(
                _OPERATION, channel, 0, detail, retryable=adapter.error is not None
            ) from refused
        after = answer.headers.get("Retry-After", "")
        raise AzureCallFailed(
            _OPERATION,
            channel,
            answer.status_code,
            "the channel's service did not take the message",
            retryable=answer.status_code in RETRYABLE,
            retry_after=float(after) if after.isascii() and after.isdigit() else None,
        ) from refused
    finally:
        _session.reset(token)


class _Requests:
    """What a plugin takes for the module `requests`: its calls go through the session of whoever sends."""

    def __init__(self, real: ModuleType) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever requests has
        session = _session.get()
        if session is not None and name in _VERBS:
            return getattr(session, name)
        if session is not None and name in {"Session", "session"}:
            return lambda: session
        return getattr(self._real, name)


def _plugin(channel: Channel, url: str) -> Any:  # noqa: ANN401 - one of Apprise's plugins
    with IMPORTING:
        from shared.gateways.apprise_plugins import plugin_of  # noqa: PLC0415 - imports Apprise

    plugin = plugin_of(url)
    if plugin is None or not _lead(plugin):
        message = "the secret holds no Apprise URL of a service that is reached over HTTP; correct it"
        raise AzureCallFailed(_OPERATION, channel.secret, 400, message, retryable=False)
    return plugin


def _lead(plugin: Any) -> bool:  # noqa: ANN401 - one of Apprise's plugins
    """Give the plugin's modules our `requests`; False where it sends by other means, around our transport."""
    led = False
    for kind in type(plugin).__mro__:
        if not kind.__module__.startswith("apprise.plugins."):
            continue
        module = sys.modules[kind.__module__]
        used = getattr(module, "requests", None)
        if isinstance(used, ModuleType):
            module.requests = _Requests(used)  # pyright: ignore[reportAttributeAccessIssue] - it is a module's global
        led = led or used is not None
    return led


def _pass_key(plugin: Any, key: str) -> None:  # noqa: ANN401 - one of Apprise's plugins
    if hasattr(plugin, "dedup"):
        plugin.dedup = label(key)


def _type(severity: Severity) -> Any:  # noqa: ANN401 - Apprise's enum
    with IMPORTING:
        from apprise import NotifyType  # noqa: PLC0415

    if severity in {Severity.CRITICAL, Severity.HIGH}:
        return NotifyType.FAILURE
    return NotifyType.WARNING if severity is Severity.MEDIUM else NotifyType.INFO


def _calm(text: str) -> str:
    """The text without what a chat would take for a mention of people; it reads the same."""
    return text.replace("<!", "<\u200b!").replace("<@", "<\u200b@").replace("@", "@\u200b")
