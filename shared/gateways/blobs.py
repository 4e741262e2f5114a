"""Blobs through `azure-storage-blob`: finished records, reports and evidence, and snapshots to read."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.errors import AzureCallFailed
from shared.gateways.connection import Connection, calling, missing, writing
from shared.importing import IMPORTING


@dataclass(frozen=True)
class Blobs:
    """Data plane of storage. Roles: Storage Blob Data Contributor for records, Reader for snapshots."""

    connection: Connection

    def read(self, account_url: str, container: str, name: str) -> bytes | None:
        """The whole blob, or None when there is none."""
        path = f"{account_url}/{container}/{name}"
        return self.connection.look("blob", path, lambda: self._read(account_url, container, name))

    def _read(self, account_url: str, container: str, name: str) -> bytes | None:
        try:
            with calling("read blob", f"{account_url}/{container}/{name}"):
                return bytes(
                    service_client(self.connection, account_url)
                    .get_blob_client(container, name)
                    .download_blob()
                    .readall()
                )
        except AzureCallFailed as error:
            if missing(error):
                return None
            raise

    def write(self, account_url: str, container: str, name: str, content: bytes, media_type: str) -> None:
        """Write the whole blob; the container is made when it is missing. The same again changes nothing."""
        with IMPORTING:
            from azure.storage.blob import ContentSettings  # noqa: PLC0415

        settings = ContentSettings(content_type=media_type)
        blob = service_client(self.connection, account_url).get_blob_client(container, name)
        path = f"{account_url}/{container}/{name}"

        def send() -> None:
            with writing("write blob", path):
                blob.upload_blob(content, overwrite=True, content_settings=settings)

        self._into(account_url, container, send)
        self.connection.expect("blob", path, lambda _: content)

    def read_tagged(self, account_url: str, container: str, name: str) -> tuple[bytes, str]:
        """The whole blob with its ETag; nothing and no tag when there is none."""
        try:
            with calling("read blob", f"{account_url}/{container}/{name}"):
                found = (
                    service_client(self.connection, account_url)
                    .get_blob_client(container, name)
                    .download_blob()
                )
                return bytes(found.readall()), str(found.properties.etag)
        except AzureCallFailed as error:
            if missing(error):
                return b"", ""
            raise

    def write_tagged(
        self, account_url: str, container: str, name: str, content: bytes, media_type: str, tag: str
    ) -> None:
        """Write the whole blob if it is still the one with that tag (none: if there is still none).

        AzureCallFailed with 409 or 412 when somebody else was faster. The container is made when it is missing.
        """
        with IMPORTING:
            from azure.core import MatchConditions  # noqa: PLC0415
            from azure.storage.blob import ContentSettings  # noqa: PLC0415

        service = service_client(self.connection, account_url)
        condition: dict[str, Any] = (
            {"etag": tag, "match_condition": MatchConditions.IfNotModified, "overwrite": True}
            if tag
            else {"overwrite": False}
        )
        settings = ContentSettings(content_type=media_type)
        blob, path = service.get_blob_client(container, name), f"{account_url}/{container}/{name}"

        def send() -> None:
            with writing("write blob", path):
                blob.upload_blob(content, content_settings=settings, **condition)

        self._into(account_url, container, send)

    def append(self, account_url: str, container: str, name: str, content: bytes, *, seconds: float) -> None:
        """Add to the end of an append blob, which is made when it is missing. Each request may take `seconds`.

        Sent again after a lost answer the content stands there twice: whoever reads it must recognise that.
        """
        with IMPORTING:
            from azure.core import MatchConditions  # noqa: PLC0415
            from azure.storage.blob import ContentSettings  # noqa: PLC0415

        blob = service_client(self.connection, account_url).get_blob_client(container, name)
        path, limits = (
            f"{account_url}/{container}/{name}",
            {"connection_timeout": seconds, "read_timeout": seconds},
        )

        def add() -> None:
            with writing("append to blob", path):
                blob.append_block(content, **limits)

        def make() -> None:
            try:
                with writing("create append blob", path):
                    settings = ContentSettings(content_type="application/x-ndjson")
                    blob.create_append_blob(settings, match_condition=MatchConditions.IfMissing, **limits)
            except AzureCallFailed as refused:
                if refused.status not in {409, 412}:  # somebody else has just made it
                    raise

        if self.connection.preview is not None:
            self._expect_container(account_url, container)
            if self.read(account_url, container, name) is None:
                make()
            self.connection.expect("blob", path, lambda seen: (seen or b"") + content)
        try:
            add()
        except AzureCallFailed as error:
            if not missing(error):
                raise
            self._make_container(account_url, container, **limits)
            make()
            add()

    def _into(self, account_url: str, container: str, send: Callable[[], None]) -> None:
        """Send a write into a container, which is made when it is missing."""
        if self.connection.preview is not None:
            self._expect_container(account_url, container)
        try:
            send()
        except AzureCallFailed as error:
            if not missing(error):
                raise
            self._make_container(account_url, container)
            send()

    def _expect_container(self, account_url: str, container: str) -> None:
        """List the making of a missing container: a preview's own write is not sent, so no 404 tells that it is."""
        place = f"{account_url}/{container}"

        def read() -> bool:
            with calling("get container", place):
                service_client(self.connection, account_url).get_container_client(
                    container
                ).get_container_properties()
            return True

        try:
            self.connection.look("blob container", place, read)
        except AzureCallFailed as error:
            if not missing(error):
                raise
            self._make_container(account_url, container)

    def _make_container(self, account_url: str, container: str, **limits: float) -> None:
        try:
            with writing("create container", f"{account_url}/{container}"):
                service_client(self.connection, account_url).create_container(container, **limits)
        except AzureCallFailed as error:
            if error.status != 409:
                raise
        self.connection.expect("blob container", f"{account_url}/{container}", lambda _: True)

    def names(
        self, account_url: str, container: str, prefix: str, *, written_since: datetime | None = None
    ) -> tuple[str, ...]:
        """Names of the blobs that begin so, in order; none when the container is missing.

        `written_since` leaves out what has not been written since then: a list is one call for 5000, a read is a call
        for each.
        """
        try:
            with calling("list blobs", f"{account_url}/{container}/{prefix}*"):
                client = service_client(self.connection, account_url).get_container_client(container)
                if written_since is None:
                    return tuple(str(name) for name in client.list_blob_names(name_starts_with=prefix))
                found = client.list_blobs(name_starts_with=prefix)
                return tuple(str(blob.name) for blob in found if blob.last_modified >= written_since)
        except AzureCallFailed as error:
            if missing(error):
                return ()
            raise


def service_client(connection: Connection, account_url: str) -> Any:  # noqa: ANN401 - types are read where it is built
    """The client of one account, shared by all gateways."""
    with IMPORTING:
        from azure.storage.blob import BlobServiceClient, LinearRetry  # noqa: PLC0415

    return connection.client(
        "blobs",
        account_url,
        lambda: BlobServiceClient(
            account_url,
            connection.credential,
            transport=connection.transport,
            retry_policy=LinearRetry(retry_total=0),
        ),
    )
