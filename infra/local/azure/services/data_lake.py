"""What the blob endpoint of a data lake (hierarchical namespace) does otherwise: deleted paths, snapshots, copies.

Deleted files are kept for the account's retention and come back by their deletion id; range restore is refused (see
`storage_restore`). Directories are not simulated as things of their own: each file is deleted by itself. Accounts with
a flat namespace, and whatever else is asked, go to the blob service.
"""

from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from infra.local.azure.core.clock import http_date, iso
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.blobs import protection, routes, store
from infra.local.azure.services.blobs.account import View, find, viewed
from infra.local.azure.services.blobs.errors import XML, BlobError, answering

DELETED, SNAPSHOTS = "lake deleted", "lake snapshot"
_HEAD = '\ufeff<?xml version="1.0" encoding="utf-8"?>'
service = Service("data_lake")


def is_lake(world: World, account: str) -> bool:
    found = find(world, account)
    return found is not None and bool(found["properties"].get("isHnsEnabled"))


def retention(world: World, account: str) -> float:
    """Return for how many seconds deleted files are kept; 0 where soft delete is off."""
    found = find(world, account)
    policy = (protection.settings(world, found) if found else {}).get("deleteRetentionPolicy") or {}
    return float(policy.get("days") or 0) * protection.DAY if policy.get("enabled") else 0.0


@answering
def serve(world: World, request: Request) -> Answer:
    if not is_lake(world, request.params["account"]):
        return _elsewhere(world, request)
    view = viewed(world, request)
    container, _, name = request.path.lstrip("/").partition("/")
    query = request.query
    match request.method, query.get("comp", "").lower():
        case "GET", "list" if container and query.get("showonly", "").lower() == "deleted":
            return _list_deleted(world, request, view, container)
        case "GET", "list" if container and "snapshots" in query.get("include", "").lower().split(","):
            return _list_all(world, request, view, container)
        case "PUT", "undelete" if name:
            return _undelete(world, request, view, container, name)
        case "PUT", "snapshot" if name:
            return _snapshot(world, view, container, name)
        case "PUT", "" if name and "x-ms-copy-source" in request.headers:
            return _copy(world, request, view, (container, name))
        case "DELETE", "" if name and "snapshot" not in query:
            keep_deleted(world, view, container, name)
        case _:
            pass
    return _elsewhere(world, request)


def _elsewhere(world: World, request: Request) -> Answer:
    answer = routes.serve(world, request)
    assert isinstance(answer, Answer)
    return answer


for _method in ("GET", "HEAD", "PUT", "DELETE", "POST", "PATCH"):
    service.on(_method, routes.HOST, "/{rest*}", token=False)(serve)


def keep_deleted(world: World, view: View, container: str, name: str) -> None:
    """Remember a file that is about to be deleted, for as long as the account keeps such."""
    found = store.current(world, view, container, name)
    if found is None or not retention(world, view.account):
        return
    kept = {**found, "content": store.keep(world, store.content(world, found["content"]))}
    number = str(116_444_736_000_000_000 + int(world.now * 10_000_000))
    row: Json = {"container": container, "name": name, "id": number, "deleted": world.now, "entry": kept}
    world.table(DELETED).put(f"{view.account}/{container}/{store.cased(name)}\n{number}", row)


def _list_deleted(world: World, request: Request, view: View, container: str) -> Answer:
    store.container(world, view, container)
    prefix = request.query.get("prefix", "")
    kept = retention(world, view.account)
    body = f'{_HEAD}<EnumerationResults ServiceEndpoint="{view.endpoint}" ContainerName="{container}"><Blobs>'
    for _, row in world.table(DELETED).rows(f"{view.account}/{container}/"):
        left = int((row["deleted"] + kept - world.now) // protection.DAY)
        if left < 0 or not row["name"].startswith(prefix):
            continue
        entry = row["entry"]
        body += (
            f"<Blob><Name>{escape(row['name'])}</Name><Deleted>true</Deleted><DeletionId>{row['id']}</DeletionId>"
            f"<Properties><Creation-Time>{http_date(entry['created'])}</Creation-Time>"
            f"<Last-Modified>{http_date(entry['at'])}</Last-Modified>"
            f"<Content-Length>{entry['length']}</Content-Length><BlobType>BlockBlob</BlobType>"
            f"<DeletedTime>{http_date(row['deleted'])}</DeletedTime>"
            f"<RemainingRetentionDays>{left}</RemainingRetentionDays></Properties></Blob>"
        )
    return Answer(200, body + "</Blobs><NextMarker /></EnumerationResults>", XML)


def _undelete(world: World, request: Request, view: View, container: str, name: str) -> Answer:
    """Bring a deleted file back under its own name, unless another stands there by now."""
    source, _, query = request.headers.get("x-ms-undelete-source", "").partition("?")
    number = (parse_qs(query).get("deletionid") or [""])[0]
    if not number or unquote(source) != unquote(name):
        message = (
            "An HTTP header that's mandatory for this request is not specified or not in the right format."
        )
        raise BlobError(400, "InvalidHeaderValue", message)
    key = f"{view.account}/{container}/{store.cased(unquote(name))}\n{number}"
    row = world.table(DELETED).peek(key)
    if row is None or world.now - row["deleted"] > retention(world, view.account):
        raise BlobError(404, "PathNotFound", "The specified path does not exist.")
    if store.current(world, view, container, row["name"]) is not None:
        raise BlobError(409, "PathAlreadyExists", "The specified path already exists.")
    # What it was comes back whole: also its times.
    entry = {field: value for field, value in row["entry"].items() if field != "at"}
    store.put_version(world, view.account, container, row["name"], {**entry, "written": row["entry"]["at"]})
    world.table(DELETED).delete(key)
    return Answer(200)


def snapshot(world: World, account: str, container: str, name: str, entry: Json, at: float) -> str:
    """Keep what a file is at a moment; returns the snapshot's name, which is that moment."""
    moment = iso(at)
    kept = {**entry, "content": store.keep(world, store.content(world, entry["content"]))}
    row: Json = {"name": name, "snapshot": moment, "entry": kept}
    world.table(SNAPSHOTS).put(f"{account}/{container}/{store.cased(name)}\n{moment}", row)
    return moment


def _snapshot(world: World, view: View, container: str, name: str) -> Answer:
    found = store.existing(world, view, container, name)
    moment = snapshot(world, view.account, container, name, found, world.now)
    headers = {"x-ms-snapshot": moment, "ETag": found["etag"], "Last-Modified": http_date(found["at"])}
    return Answer(201, None, headers)


def _list_all(world: World, request: Request, view: View, container: str) -> Answer:
    """Blobs with their snapshots; a snapshot stands before its blob."""
    prefix = request.query.get("prefix", "")
    rows = [(name, "~", entry) for name, entry in store.blobs(world, view, container, prefix)]
    for _, row in world.table(SNAPSHOTS).rows(f"{view.account}/{container}/"):
        if row["name"].startswith(prefix):
            rows.append((row["name"], row["snapshot"], row["entry"]))
    body = f'{_HEAD}<EnumerationResults ServiceEndpoint="{view.endpoint}" ContainerName="{container}"><Blobs>'
    for name, moment, entry in sorted(rows, key=lambda row: row[:2]):
        mark = f"<Snapshot>{moment}</Snapshot>" if moment != "~" else ""
        told = "".join(f"<{key}>{escape(value)}</{key}>" for key, value in entry["metadata"].items())
        body += (
            f"<Blob><Name>{escape(name)}</Name>{mark}"
            f"<Properties><Creation-Time>{http_date(entry['created'])}</Creation-Time>"
            f"<Last-Modified>{http_date(entry.get('written', entry['at']))}</Last-Modified>"
            f"<Etag>{entry['etag'].strip(chr(34))}</Etag><Content-Length>{entry['length']}</Content-Length>"
            f"<Content-Type>{escape(entry['type'])}</Content-Type><Content-MD5>{entry['md5']}</Content-MD5>"
            f"<BlobType>BlockBlob</BlobType></Properties><Metadata>{told}</Metadata></Blob>"
        )
    return Answer(200, body + "</Blobs><NextMarker /></EnumerationResults>", XML)


def _copy(world: World, request: Request, view: View, goal: tuple[str, str]) -> Answer:
    """Copy from a snapshot of the same account, at once."""
    source = urlsplit(request.headers["x-ms-copy-source"])
    container, _, name = unquote(source.path).lstrip("/").partition("/")
    moment = (parse_qs(source.query).get("snapshot") or [""])[0]
    if source.hostname != request.host or not moment:
        message = "Only copies of a snapshot within the same account are simulated."
        raise BlobError(501, "NotImplemented", message)
    row = world.table(SNAPSHOTS).peek(f"{view.account}/{container}/{store.cased(name)}\n{moment}")
    if row is None:
        raise BlobError(404, "CannotVerifyCopySource", "The specified blob does not exist.")
    there = store.current(world, view, *goal)
    given = {
        key.removeprefix("x-ms-meta-"): value
        for key, value in request.headers.items()
        if key.startswith("x-ms-meta-")
    }
    entry = {field: value for field, value in row["entry"].items() if field not in {"at", "etag", "written"}}
    entry |= {
        "content": store.keep(world, store.content(world, row["entry"]["content"])),
        "metadata": given or entry["metadata"],
        "created": there["created"] if there else world.now,
    }
    made = store.put_version(world, view.account, *goal, entry)
    headers = {
        "ETag": made["etag"],
        "Last-Modified": http_date(world.now),
        "x-ms-copy-id": world.new_id(),
        "x-ms-copy-status": "success",
    }
    return Answer(202, None, headers)


@service.every(3600)
def forget(world: World) -> None:
    """Let go of what was deleted longer ago than its account keeps it."""
    for key, row in list(world.table(DELETED).rows()):
        if world.now - row["deleted"] > retention(world, key.split("/", maxsplit=1)[0]):
            store.release(world, row["entry"]["content"])
            world.table(DELETED).delete(key)
