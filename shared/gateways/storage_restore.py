"""Putting block blobs back to what they were at a moment, through `azure-mgmt-storage`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.gateways.connection import Connection, calling
from shared.gateways.operations import Operation, start
from shared.gateways.resource_id import parts
from shared.importing import IMPORTING


@dataclass(frozen=True)
class Restored:
    """The last restore of an account: `InProgress`, `Complete` or `Failed`, to when, and which containers."""

    status: str
    at: datetime | None
    containers: tuple[str, ...]


@dataclass(frozen=True)
class StorageRestore:
    """Role: Storage Account Contributor. Needs a restore policy and a flat namespace (Learn, point-in-time restore)."""

    connection: Connection

    @property
    def _accounts(self) -> Any:  # noqa: ANN401 - generated client without useful types
        with IMPORTING:
            from azure.mgmt.storage import StorageManagementClient  # noqa: PLC0415

        def make() -> Any:  # noqa: ANN401 - see above
            link = self.connection
            return StorageManagementClient(link.credential, link.subscription_id, **link.client_options)

        return self.connection.client(
            "storage accounts", self.connection.subscription_id, make
        ).storage_accounts

    def last(self, account_id: str) -> Restored | None:
        """The account's last restore of blobs, or None when there never was one."""

        def read() -> Restored | None:
            where = parts(account_id)
            with calling("get storage account", account_id):
                answer = self._accounts.get_properties(where.group, where.name, expand="blobRestoreStatus")
            found = (answer.as_dict().get("properties") or {}).get("blobRestoreStatus")
            if not found:
                return None
            asked: dict[str, Any] = found.get("parameters") or {}
            ranges: list[dict[str, Any]] = asked.get("blobRanges") or []
            moment = asked.get("timeToRestore")
            return Restored(
                status=str(found.get("status", "")),
                at=datetime.fromisoformat(str(moment)) if moment else None,
                containers=tuple(str(one.get("startRange", "")).rstrip("/") for one in ranges),
            )

        return self.connection.look("blob restore", account_id, read)

    def restore(self, account_id: str, containers: tuple[str, ...], at: datetime) -> Operation | None:
        """Begin to put every block blob of these containers back to that moment; other containers are left alone.

        Blobs that were written since are taken away too; with versions switched on they stay as versions.
        """
        where = parts(account_id)
        # The end is exclusive, and "0" follows "/" in the order of names.
        ranges = [{"startRange": f"{name}/", "endRange": f"{name}0"} for name in containers]
        body = {"timeToRestore": at.isoformat(), "blobRanges": ranges}
        then = Restored("Complete", at, containers)
        self.connection.expect("blob restore", account_id, lambda _: then)
        return start(
            "restore blobs",
            account_id,
            lambda **options: self._accounts.begin_restore_blob_ranges(
                where.group, where.name, body, **options
            ),
        )
