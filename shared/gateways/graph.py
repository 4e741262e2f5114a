"""Users of Microsoft Graph over an azure-core pipeline: may they sign in, and since when are their sessions good."""

from dataclasses import dataclass, replace
from typing import Any

from shared.errors import AzureCallFailed
from shared.gateways.connection import Connection, calling, missing, writing
from shared.importing import IMPORTING

_URL = "https://graph.microsoft.com"
_SHOWN = "id,displayName,userPrincipalName,accountEnabled,signInSessionsValidFromDateTime"


@dataclass(frozen=True)
class User:
    """A user; sessions from before `sessions_valid_from` (as Graph writes it) are void."""

    id: str
    name: str
    mail: str
    enabled: bool
    sessions_valid_from: str


@dataclass(frozen=True)
class Graph:
    """Permissions: User.Read.All, User.RevokeSessions.All, User.EnableDisableAccount.All."""

    connection: Connection

    def user(self, object_id: str) -> User | None:
        """The user, or None when that object id is no user's (a service principal's, say)."""
        return self.connection.look("user", object_id, lambda: self._user(object_id))

    def _user(self, object_id: str) -> User | None:
        address = f"{_URL}/v1.0/users/{object_id}"
        try:
            with calling("get user", address):
                found = self._send("GET", f"{address}?$select={_SHOWN}")
        except AzureCallFailed as error:
            if missing(error):
                return None
            raise
        return User(
            id=str(found["id"]),
            name=str(found.get("displayName", "")),
            mail=str(found.get("userPrincipalName", "")),
            enabled=bool(found.get("accountEnabled")),
            sessions_valid_from=str(found.get("signInSessionsValidFromDateTime", "")),
        )

    def disable(self, object_id: str) -> None:
        """Let a user no longer sign in."""
        self._set(object_id, enabled=False)

    def enable(self, object_id: str) -> None:
        """Let a user sign in again."""
        self._set(object_id, enabled=True)

    def _set(self, object_id: str, *, enabled: bool) -> None:
        address = f"{_URL}/v1.0/users/{object_id}"
        self.connection.expect("user", object_id, lambda seen: seen and replace(seen, enabled=enabled))
        with writing("enable user" if enabled else "disable user", address):
            self._send("PATCH", address, {"accountEnabled": enabled})

    def revoke_sessions(self, object_id: str) -> None:
        """End every session of a user. Each call does so anew, so ask first whether it is needed."""
        address = f"{_URL}/v1.0/users/{object_id}/revokeSignInSessions"
        moment = self.connection.later("sessions_valid_from")
        self.connection.expect(
            "user", object_id, lambda seen: seen and replace(seen, sessions_valid_from=moment)
        )
        with writing("revoke sessions", address):
            self._send("POST", address)

    def _send(self, method: str, url: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        with IMPORTING:
            from azure.core.rest import HttpRequest  # noqa: PLC0415

        client = self.connection.client("graph", _URL, self._made)
        answer = client.send_request(HttpRequest(method, url, json=body))
        answer.raise_for_status()
        found = answer.json() if answer.content else {}
        return found if isinstance(found, dict) else {}

    def _made(self) -> Any:  # noqa: ANN401 - azure-core's PipelineClient is generic over its transport
        with IMPORTING:
            from azure.core import PipelineClient  # noqa: PLC0415
            from azure.core.pipeline.policies import (  # noqa: PLC0415
                BearerTokenCredentialPolicy,
                RetryPolicy,
                UserAgentPolicy,
            )

        policies = [
            UserAgentPolicy(sdk_moniker="foundry-ops"),
            RetryPolicy(retry_total=0),
            BearerTokenCredentialPolicy(self.connection.credential, f"{_URL}/.default"),
        ]
        return PipelineClient(_URL, policies=policies, transport=self.connection.transport)
