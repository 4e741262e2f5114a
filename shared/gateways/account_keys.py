"""The keys of Cosmos DB, Search, storage and OpenAI accounts: read, regenerated, tried. Values are never to be kept."""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import cached_property
from typing import Any
from urllib.parse import quote

from shared.gateways.arm import Arm
from shared.gateways.connection import Connection, asking, reading, writing
from shared.gateways.operations import Operation, start
from shared.gateways.resource_id import parts
from shared.importing import IMPORTING

COSMOS = "microsoft.documentdb/databaseaccounts"
SEARCH = "microsoft.search/searchservices"
STORAGE = "microsoft.storage/storageaccounts"
OPENAI = "microsoft.cognitiveservices/accounts"
_SEARCH_VERSION, _OPENAI_VERSION = "2023-11-01", "2024-10-01"


def fingerprint(key: str) -> str:
    """SHA-256 (hex) of a key: what may be kept of it."""
    return hashlib.sha256(key.encode()).hexdigest()


@dataclass(frozen=True)
class AccountKeys:
    """Roles: DocumentDB Account Contributor, Search Service Contributor, Storage Account Key Operator, Cognitive
    Services Contributor.
    """

    connection: Connection

    def keys(self, account_id: str) -> dict[str, str]:
        """The keys of an account by their names, as they are now; none where an OpenAI account takes none."""
        return self.connection.look("account keys", account_id, lambda: self._keys(account_id))

    def fingerprints(self, account_id: str) -> dict[str, str]:
        """The SHA-256 of each key by its name."""
        return {name: fingerprint(value) for name, value in self.keys(account_id).items()}

    def _keys(self, account_id: str) -> dict[str, str]:
        where, kind = parts(account_id), _kind(account_id)
        if kind == SEARCH:
            found = Arm(self.connection, _SEARCH_VERSION).ask("list keys", f"{account_id}/listAdminKeys")
            return {"primary": str(found["primaryKey"]), "secondary": str(found["secondaryKey"])}
        if kind == STORAGE:
            with reading("list keys", account_id):
                listed = self._storage.storage_accounts.list_keys(where.group, where.name)
            # Not `listed.keys`: the SDK's models are mappings, and that is their method.
            return {str(one["keyName"]): str(one["value"]) for one in listed["keys"]}
        if kind == OPENAI:
            return self._openai(account_id)
        with reading("list keys", account_id):
            keys = self._cosmos.database_accounts.list_keys(where.group, where.name)
        return {
            "primary": str(keys.primary_master_key),
            "secondary": str(keys.secondary_master_key),
            "primaryReadonly": str(keys.primary_readonly_master_key),
            "secondaryReadonly": str(keys.secondary_readonly_master_key),
        }

    def _openai(self, account_id: str) -> dict[str, str]:
        arm = Arm(self.connection, _OPENAI_VERSION)
        account = arm.get("get account", account_id)
        if account is not None and account["properties"].get("disableLocalAuth"):
            return {}  # Azure answers 400 when it is asked for them
        found = arm.ask("list keys", f"{account_id}/listKeys")
        return {name: str(found[name]) for name in ("key1", "key2")}

    def regenerate(self, account_id: str, name: str) -> Operation | None:
        """Replace a key. It takes no idempotency key: ask first whether the key is still the one to replace."""
        where, kind = parts(account_id), _kind(account_id)
        value = self.connection.later(name)
        self.connection.expect("account keys", account_id, lambda seen: {**seen, name: value})
        if kind == SEARCH:
            address = f"{account_id}/regenerateAdminKey/{name}"
            return Arm(self.connection, _SEARCH_VERSION).begin("regenerate key", "POST", address)
        if kind == STORAGE:
            with writing("regenerate key", account_id):
                self._storage.storage_accounts.regenerate_key(where.group, where.name, {"keyName": name})
            return None
        if kind == OPENAI:
            body = {"keyName": name.capitalize()}
            return Arm(self.connection, _OPENAI_VERSION).begin(
                "regenerate key", "POST", f"{account_id}/regenerateKey", body
            )
        return start(
            "regenerate key",
            account_id,
            lambda **options: self._cosmos.database_accounts.begin_regenerate_key(
                where.group, where.name, {"keyKind": name}, **options
            ),
        )

    def revoke_user_delegation_keys(self, account_id: str) -> None:
        """Make void every address of a storage account that was signed with a delegation key."""
        where = parts(account_id)
        with writing("revoke user delegation keys", account_id):
            self._storage.storage_accounts.revoke_user_delegation_keys(where.group, where.name)

    def takes(self, account_id: str, key: str) -> bool | None:
        """Whether the account's own endpoint lets that key in; None for kinds that are not asked."""
        name, kind = parts(account_id).name, _kind(account_id)
        if self.connection.preview is not None:
            return None  # what the keys will be, only the run can know
        if kind == SEARCH:
            url = f"https://{name}.search.windows.net/indexes?api-version={_SEARCH_VERSION}&$select=name"
            return self._let_in(url, {"api-key": key})
        if kind == COSMOS:
            date = format_datetime(datetime.now(UTC), usegmt=True)
            digest = hmac.new(
                base64.b64decode(key), f"get\ndbs\n\n{date.lower()}\n\n".encode(), hashlib.sha256
            )
            signature = base64.b64encode(digest.digest()).decode()
            headers = {
                "authorization": quote(f"type=master&ver=1.0&sig={signature}", safe=""),
                "x-ms-date": date,
                "x-ms-version": "2018-12-31",
            }
            return self._let_in(f"https://{name}.documents.azure.com/dbs", headers)
        return None

    def _let_in(self, url: str, headers: dict[str, str]) -> bool:
        with asking("try a key", url):
            answer = self.connection.http.get(url, headers=headers)
            if answer.status_code in {401, 403}:
                return False
            answer.raise_for_status()
        return True

    @cached_property
    def _cosmos(self) -> Any:  # noqa: ANN401 - generated client without useful types
        with IMPORTING:
            from azure.mgmt.cosmosdb import CosmosDBManagementClient  # noqa: PLC0415

        link = self.connection
        return CosmosDBManagementClient(link.credential, link.subscription_id, **link.client_options)

    @cached_property
    def _storage(self) -> Any:  # noqa: ANN401 - generated client without useful types
        with IMPORTING:
            from azure.mgmt.storage import StorageManagementClient  # noqa: PLC0415

        link = self.connection
        return StorageManagementClient(link.credential, link.subscription_id, **link.client_options)


def _kind(account_id: str) -> str:
    where = parts(account_id)
    kind = f"{where.provider}/{where.type}".lower()
    if kind not in {COSMOS, SEARCH, STORAGE, OPENAI}:
        raise ValueError(f"{account_id} is of a type whose keys are not known here")
    return kind
