"""Evidence in blob storage: written once, never overwritten, and never read back into a report."""

from dataclasses import dataclass

from shared.errors import AzureCallFailed
from shared.gateways.blobs import Blobs, service_client
from shared.gateways.connection import Connection, calling, missing, writing
from shared.importing import IMPORTING


@dataclass(frozen=True)
class EvidenceStore:
    """Role: Storage Blob Data Contributor. The container should have a time-based retention policy."""

    connection: Connection

    def read(self, account_url: str, container: str, name: str) -> bytes | None:
        """What was kept, or None."""
        return Blobs(self.connection).read(account_url, container, name)

    def is_immutable(self, account_url: str, container: str) -> bool | None:
        """Whether a policy keeps everybody from changing what lies there; None while there is no container."""
        try:
            with calling("get container", f"{account_url}/{container}"):
                client = service_client(self.connection, account_url).get_container_client(container)
                found = client.get_container_properties()
        except AzureCallFailed as error:
            if missing(error):
                return None
            raise
        return bool(found.has_immutability_policy or found.has_legal_hold)

    def create_container(self, account_url: str, container: str) -> None:
        """Make the container; 409 when it is there already."""
        with writing("create container", f"{account_url}/{container}"):
            service_client(self.connection, account_url).create_container(container)

    def keep(self, account_url: str, container: str, name: str, content: bytes) -> None:
        """Write what was not there before (`If-None-Match: *`). What is there already stays as it is."""
        with IMPORTING:
            from azure.storage.blob import ContentSettings  # noqa: PLC0415

        path = f"{account_url}/{container}/{name}"
        blob = service_client(self.connection, account_url).get_blob_client(container, name)
        settings = ContentSettings(content_type="application/json")
        self.connection.expect("blob", path, lambda seen: seen or content)
        try:
            with writing("keep evidence", path):
                blob.upload_blob(content, overwrite=False, content_settings=settings)
        except AzureCallFailed as error:
            if error.status != 409:
                raise
