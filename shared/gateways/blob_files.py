"""What lies in containers of blobs, and containers that were deleted, through `azure-storage-blob`."""

from dataclasses import dataclass
from datetime import datetime

from shared.errors import AzureCallFailed
from shared.gateways.blobs import service_client
from shared.gateways.connection import Connection, calling, missing, writing


@dataclass(frozen=True)
class File:
    """A blob: its name, the MD5 of its content (hex; empty where storage has none), when it was last written."""

    name: str
    md5: str
    written: datetime


@dataclass(frozen=True)
class BlobFiles:
    """Roles: Storage Blob Data Reader to look, Storage Blob Data Contributor to undelete."""

    connection: Connection

    def all(self, account_url: str, container: str) -> tuple[File, ...] | None:
        """Every blob of a container in the order of names, or None when there is no such container."""
        try:
            with calling("list blobs", f"{account_url}/{container}"):
                found = (
                    service_client(self.connection, account_url).get_container_client(container).list_blobs()
                )
                return tuple(
                    File(
                        name=str(one.name),
                        md5=bytes(one.content_settings.content_md5 or b"").hex(),
                        written=one.last_modified,
                    )
                    for one in found
                )
        except AzureCallFailed as error:
            if missing(error):
                return None
            raise

    def deleted_version(self, account_url: str, container: str) -> str | None:
        """The version under which a deleted container is kept, the newest one; None when none is."""
        with calling("list deleted containers", account_url):
            found = service_client(self.connection, account_url).list_containers(
                container, include_deleted=True
            )
            versions = [str(one.version) for one in found if one.deleted and one.name == container]
        return versions[-1] if versions else None

    def undelete(self, account_url: str, container: str, version: str) -> None:
        """Bring a deleted container back with its blobs."""
        with writing("undelete container", f"{account_url}/{container}"):
            service_client(self.connection, account_url).undelete_container(container, version)
