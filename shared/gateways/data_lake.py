"""What a data lake keeps of the past: deleted files, snapshots, deleted containers.

A store with hierarchical namespace has neither versions nor range restore (Learn, blob storage feature support), so
files come back one by one: by their deletion id, or from a snapshot. `azure-storage-blob` lists no deletion ids, so
listings are bare requests.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

from shared.errors import AzureCallFailed
from shared.gateways.arm import Arm
from shared.gateways.blobs import service_client
from shared.gateways.connection import Connection, calling, missing, writing
from shared.importing import IMPORTING
from shared.model.wire import Frozen

SCOPE = "https://storage.azure.com/.default"
VERSION = "2023-11-03"
STORAGE_VERSION = "2024-01-01"
MARK = "restored_from"
"""Metadata of a file that was taken back from a snapshot: which one."""


@dataclass(frozen=True)
class LakeFile:
    """A file with its snapshots by their names, which are the moments when they were taken, oldest first."""

    name: str
    created: datetime
    written: datetime
    restored_from: str = ""
    snapshots: tuple[str, ...] = ()

    def snapshot_until(self, moment: datetime) -> str | None:
        """The newest snapshot that is not younger."""
        fitting = [name for name in self.snapshots if datetime.fromisoformat(name) <= moment]
        return fitting[-1] if fitting else None


@dataclass(frozen=True)
class DeletedFile:
    """A file that was deleted and is still kept."""

    name: str
    deletion_id: str
    created: datetime
    written: datetime
    deleted: datetime


class Kept(Frozen):
    """What an account keeps of the past, in days; 0 where that is switched off."""

    hierarchical: bool
    file_days: int
    container_days: int
    restore_days: int


@dataclass(frozen=True)
class DataLake:
    """Role: Storage Blob Data Owner."""

    connection: Connection

    def kept(self, resource_id: str) -> Kept | None:
        """What the account keeps, or None when there is no such account."""
        arm = Arm(self.connection, STORAGE_VERSION)
        account = arm.get("get storage account", resource_id)
        if account is None:
            return None
        path = f"{resource_id}/blobServices/default"
        settings: dict[str, Any] = (arm.get("get blob service", path) or {}).get("properties") or {}

        def days(policy: str) -> int:
            given: dict[str, Any] = settings.get(policy) or {}
            return int(given.get("days") or 0) if given.get("enabled") else 0

        return Kept(
            hierarchical=bool((account.get("properties") or {}).get("isHnsEnabled")),
            file_days=days("deleteRetentionPolicy"),
            container_days=days("containerDeleteRetentionPolicy"),
            restore_days=days("restorePolicy"),
        )

    def files(self, account_url: str, container: str) -> tuple[LakeFile, ...] | None:
        """Every file of a container with its snapshots, or None when there is no such container."""
        key = f"{account_url}/{container}"
        return self.connection.look("lake files", key, lambda: self._files(account_url, container))

    def _files(self, account_url: str, container: str) -> tuple[LakeFile, ...] | None:
        try:
            rows = self._listed(account_url, container, {"include": "snapshots,metadata"})
        except AzureCallFailed as error:
            if missing(error):
                return None
            raise
        snapshots: dict[str, list[str]] = {}
        for row in rows:
            if moment := row.findtext("Snapshot"):
                snapshots.setdefault(row.findtext("Name") or "", []).append(moment)
        return tuple(
            LakeFile(
                name=row.findtext("Name") or "",
                created=_moment(row, "Creation-Time"),
                written=_moment(row, "Last-Modified"),
                restored_from=row.findtext(f"Metadata/{MARK}") or "",
                snapshots=tuple(sorted(snapshots.get(row.findtext("Name") or "", ()))),
            )
            for row in rows
            if row.find("Snapshot") is None
        )

    def deleted(self, account_url: str, container: str) -> tuple[DeletedFile, ...]:
        """Every deleted file that is still kept; one name may stand there several times."""
        key = f"{account_url}/{container}"

        def read() -> tuple[DeletedFile, ...]:
            return tuple(
                DeletedFile(
                    name=row.findtext("Name") or "",
                    deletion_id=row.findtext("DeletionId") or "",
                    created=_moment(row, "Creation-Time"),
                    written=_moment(row, "Last-Modified"),
                    deleted=_moment(row, "DeletedTime"),
                )
                for row in self._listed(account_url, container, {"showonly": "deleted"})
            )

        return self.connection.look("lake deleted files", key, read)

    def undelete(self, account_url: str, container: str, file: DeletedFile) -> None:
        """Bring a deleted file back under its own name. 409: it, or another one, stands there already."""
        key, name = f"{account_url}/{container}", quote(file.name)
        back = LakeFile(file.name, file.created, file.written)
        self.connection.expect("lake files", key, lambda seen: (*(seen or ()), back))
        self.connection.expect(
            "lake deleted files",
            key,
            lambda seen: tuple(one for one in seen or () if one.deletion_id != file.deletion_id),
        )
        with writing("undelete file", f"{key}/{file.name}"):
            self._send(
                "PUT",
                f"{key}/{name}",
                {"comp": "undelete"},
                {"x-ms-undelete-source": f"{name}?deletionid={file.deletion_id}"},
            )

    def take_back(self, account_url: str, container: str, file: LakeFile, snapshot: str) -> None:
        """Put a file back to what a snapshot holds, with a mark that says so."""
        key = f"{account_url}/{container}"
        taken = replace(file, restored_from=snapshot)
        self.connection.expect(
            "lake files",
            key,
            lambda seen: tuple(taken if one.name == file.name else one for one in seen or ()),
        )
        blob = service_client(self.connection, account_url).get_blob_client(container, file.name)
        with writing("copy snapshot over file", f"{key}/{file.name}"):
            blob.start_copy_from_url(f"{blob.url}?snapshot={quote(snapshot)}", metadata={MARK: snapshot})

    def undelete_container(self, account_url: str, container: str) -> bool:
        """Bring a deleted container back with its files; False when none of that name is kept."""
        client = service_client(self.connection, account_url)
        with calling("list deleted containers", account_url):
            kept = [
                str(one.version)
                for one in client.list_containers(container, include_deleted=True)
                if one.deleted and one.name == container
            ]
        if not kept:
            return False
        self.connection.expect("lake files", f"{account_url}/{container}", lambda seen: seen or ())
        self.connection.expect("lake deleted files", f"{account_url}/{container}", lambda seen: seen or ())
        with writing("undelete container", f"{account_url}/{container}"):
            client.undelete_container(container, kept[-1])
        return True

    def _listed(self, account_url: str, container: str, more: dict[str, str]) -> list[ET.Element]:
        """Every item of a listing, page by page."""
        rows: list[ET.Element] = []
        marker = ""
        while True:
            query = {"restype": "container", "comp": "list", **more, **({"marker": marker} if marker else {})}
            with calling("list files", f"{account_url}/{container}"):
                answer = self._send("GET", f"{account_url}/{container}", query)
            page = ET.fromstring(answer.content.decode("utf-8-sig"))  # noqa: S314 - Azure's own answer
            rows += page.findall("Blobs/Blob")
            marker = page.findtext("NextMarker") or ""
            if not marker:
                return rows

    def _send(
        self, method: str, url: str, query: dict[str, str], headers: dict[str, str] | None = None
    ) -> Any:  # noqa: ANN401 - azure-core's HttpResponse
        with IMPORTING:
            from azure.core.rest import HttpRequest  # noqa: PLC0415

        given = {"x-ms-version": VERSION, **(headers or {})}
        answer = self._client.send_request(HttpRequest(method, url, params=query, headers=given))
        answer.raise_for_status()
        return answer

    @property
    def _client(self) -> Any:  # noqa: ANN401 - azure-core's pipeline
        with IMPORTING:
            from azure.core import PipelineClient  # noqa: PLC0415
            from azure.core.pipeline.policies import (  # noqa: PLC0415
                BearerTokenCredentialPolicy,
                RequestIdPolicy,
                UserAgentPolicy,
            )

        def make() -> Any:  # noqa: ANN401 - see above
            return PipelineClient(
                base_url="https://blob.core.windows.net",
                policies=[
                    RequestIdPolicy(),
                    UserAgentPolicy(sdk_moniker="foundry-ops"),
                    BearerTokenCredentialPolicy(self.connection.credential, SCOPE),
                ],
                transport=self.connection.transport,
            )

        return self.connection.client("data lake", "", make)


def _moment(row: ET.Element, name: str) -> datetime:
    return parsedate_to_datetime(row.findtext(f"Properties/{name}") or "")
