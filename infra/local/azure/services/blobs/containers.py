"""Containers and listings, written in storage's XML."""

import base64
import binascii
import re
from xml.sax.saxutils import escape

from infra.local.azure.core.clock import http_date
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.blobs import protection, store
from infra.local.azure.services.blobs.account import View, last_sync
from infra.local.azure.services.blobs.account import find as find_account
from infra.local.azure.services.blobs.errors import XML, BlobError
from infra.local.azure.services.blobs.writing import metadata

DELETING = 30.0
_NAME = re.compile(r"\$root|\$web|\$logs|[a-z0-9](?!.*--)[a-z0-9-]{1,61}[a-z0-9]")
_HEAD = '\ufeff<?xml version="1.0" encoding="utf-8"?>'


def _headers(row: Json) -> dict[str, str]:
    return {
        "ETag": row["etag"],
        "Last-Modified": http_date(row["modified"]),
        "x-ms-lease-state": "available",
        "x-ms-lease-status": "unlocked",
        "x-ms-has-immutability-policy": "false",
        "x-ms-has-legal-hold": "false",
        **{f"x-ms-meta-{name}": value for name, value in row["metadata"].items()},
    }


def create(world: World, request: Request, view: View, name: str) -> Answer:
    if not _NAME.fullmatch(name):
        message = "The specifed resource name contains invalid characters."
        raise BlobError(400, "InvalidResourceName", message)
    found = world.table(store.CONTAINERS).peek(f"{view.account}/{name}")
    if found is not None and found.get("deleted") is None:
        raise BlobError(409, "ContainerAlreadyExists", "The specified container already exists.")
    if found is not None and world.now - found["deleted"] < DELETING:
        message = "The specified container is being deleted. Try operation later."
        raise BlobError(409, "ContainerBeingDeleted", message)
    row = store.put_container(world, view.account, name, metadata(request))
    return Answer(201, None, {"ETag": row["etag"], "Last-Modified": http_date(row["modified"])})


def head(world: World, view: View, name: str) -> Answer:
    return Answer(200, None, _headers(store.container(world, view, name)))


def set_metadata(world: World, request: Request, view: View, name: str) -> Answer:
    row: Json = {
        **store.container(world, view, name),
        "metadata": metadata(request),
        "etag": store.new_etag(world),
        "modified": world.now,
    }
    world.table(store.CONTAINERS).put(f"{view.account}/{name}", row)
    return Answer(200, None, {"ETag": row["etag"], "Last-Modified": http_date(row["modified"])})


def delete(world: World, view: View, name: str) -> Answer:
    store.delete_container(world, store.container(world, view, name))
    return Answer(202)


def undelete(world: World, request: Request, view: View, name: str) -> Answer:
    """Bring a deleted container back, by its name and the version under which it is listed."""
    source = request.headers.get("x-ms-deleted-container-name", "")
    version = request.headers.get("x-ms-deleted-container-version", "")
    found = world.table(store.CONTAINERS).get(f"{view.account}/{source}")
    owner = find_account(world, view.account)
    kept = owner is not None and protection.container_days(world, owner) * 86_400
    if found is None or found.get("version") != version or world.now - found["deleted"] > kept:
        raise BlobError(404, "ContainerNotFound", "The specified container does not exist.")
    if source != name:
        raise BlobError(501, "NotImplemented", "A container is undeleted under its own name only here.")
    row = {key: value for key, value in found.items() if key not in {"deleted", "version"}}
    world.table(store.CONTAINERS).put(f"{view.account}/{name}", row)
    return Answer(201)


def _metadata_xml(request: Request, row: Json) -> str:
    if "metadata" not in request.query.get("include", "").lower().split(","):
        return ""
    inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in row["metadata"].items())
    return f"<Metadata>{inner}</Metadata>"


def _page(request: Request, names: list[str]) -> tuple[list[str], str]:
    """Return the names of this page and the marker of the next."""
    try:
        most = int(request.query.get("maxresults", "5000"))
        marker = base64.b64decode(request.query.get("marker", ""), validate=True).decode()
    except (ValueError, binascii.Error) as error:
        message = "Value for one of the query parameters specified in the request URI is invalid."
        raise BlobError(400, "InvalidQueryParameterValue", message) from error
    if most < 1:
        message = "One of the query parameters specified in the request URI is outside the permissible range."
        raise BlobError(400, "OutOfRangeQueryParameterValue", message)
    left = [name for name in names if name >= marker]
    page, rest = left[: min(most, 5000)], left[min(most, 5000) :]
    return page, base64.b64encode(rest[0].encode()).decode() if rest else ""


def _echo(request: Request, *names: str) -> str:
    shown = {"prefix": "Prefix", "marker": "Marker", "maxresults": "MaxResults", "delimiter": "Delimiter"}
    return "".join(
        f"<{shown[name]}>{escape(request.query[name])}</{shown[name]}>"
        for name in names
        if name in request.query
    )


def list_containers(world: World, request: Request, view: View) -> Answer:
    prefix = request.query.get("prefix", "")
    rows = {row["name"]: row for row in store.containers(world, view) if row["name"].startswith(prefix)}
    if "deleted" in request.query.get("include", "").lower().split(","):
        gone = (row for _, row in world.table(store.CONTAINERS).rows(f"{view.account}/"))
        rows |= {row["name"]: row for row in gone if "version" in row and row["name"].startswith(prefix)}
    page, marker = _page(request, sorted(rows))
    body = f'{_HEAD}<EnumerationResults ServiceEndpoint="{view.endpoint}">'
    body += _echo(request, "prefix", "marker", "maxresults") + "<Containers>"
    for name in page:
        row = rows[name]
        body += (
            f"<Container><Name>{name}</Name>{_deleted_xml(row)}<Properties>"
            f"<Last-Modified>{http_date(row['modified'])}</Last-Modified><Etag>{escape(row['etag'])}</Etag>"
            "<LeaseStatus>unlocked</LeaseStatus><LeaseState>available</LeaseState>"
            "<HasImmutabilityPolicy>false</HasImmutabilityPolicy><HasLegalHold>false</HasLegalHold>"
            f"</Properties>{_metadata_xml(request, row)}</Container>"
        )
    return Answer(200, f"{body}</Containers><NextMarker>{marker}</NextMarker></EnumerationResults>", XML)


def _deleted_xml(row: Json) -> str:
    return f"<Deleted>true</Deleted><Version>{row['version']}</Version>" if "version" in row else ""


def list_blobs(world: World, request: Request, view: View, container: str) -> Answer:
    prefix, delimiter = request.query.get("prefix", ""), request.query.get("delimiter", "")
    rows = dict(store.blobs(world, view, container, prefix))
    shown: dict[str, Json | None] = {}
    for name, entry in rows.items():
        folder, found, _ = name[len(prefix) :].partition(delimiter) if delimiter else (name, "", "")
        shown[prefix + folder + delimiter if found else name] = None if found else entry
    page, marker = _page(request, sorted(shown))
    body = f'{_HEAD}<EnumerationResults ServiceEndpoint="{view.endpoint}" ContainerName="{container}">'
    body += _echo(request, "prefix", "marker", "maxresults", "delimiter") + "<Blobs>"
    for name in page:
        entry = shown[name]
        body += (
            f"<BlobPrefix><Name>{escape(name)}</Name></BlobPrefix>"
            if entry is None
            else f"<Blob><Name>{escape(name)}</Name>{_blob_xml(entry)}{_metadata_xml(request, entry)}</Blob>"
        )
    return Answer(200, f"{body}</Blobs><NextMarker>{marker}</NextMarker></EnumerationResults>", XML)


def _blob_xml(entry: Json) -> str:
    settings = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in entry["settings"].items())
    return (
        f"<Properties><Creation-Time>{http_date(entry['created'])}</Creation-Time>"
        f"<Last-Modified>{http_date(entry['at'])}</Last-Modified><Etag>{entry['etag'].strip(chr(34))}</Etag>"
        f"<Content-Length>{entry['length']}</Content-Length><Content-Type>{escape(entry['type'])}</Content-Type>"
        f"<Content-MD5>{entry['md5']}</Content-MD5>{settings}<BlobType>{entry.get('kind', 'BlockBlob')}</BlobType>"
        f"<AccessTier>{entry.get('tier', 'Hot')}</AccessTier><LeaseStatus>unlocked</LeaseStatus>"
        "<LeaseState>available</LeaseState><ServerEncrypted>true</ServerEncrypted></Properties>"
    )


def statistics(world: World, view: View) -> Answer:
    """Tell how far the copy has come; only the secondary endpoint is asked."""
    account = find_account(world, view.account)
    assert account is not None
    synced = http_date(last_sync(world, account))
    body = (
        f"{_HEAD}<StorageServiceStats><GeoReplication><Status>live</Status>"
        f"<LastSyncTime>{synced}</LastSyncTime></GeoReplication></StorageServiceStats>"
    )
    return Answer(200, body, XML)
