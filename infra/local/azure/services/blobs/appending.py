"""Append blobs: blocks are added at the end; an earlier version is the first blocks of a later one."""

import base64
import hashlib

from infra.local.azure.core.clock import http_date
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.blobs import conditions, store
from infra.local.azure.services.blobs.account import View
from infra.local.azure.services.blobs.errors import BlobError

KIND = "AppendBlob"
APPENDED = "appended block"
MOST_BLOCKS = 50_000
LARGEST_BLOCK = 100 * 1024 * 1024


def fresh(world: World, entry: Json) -> Json:
    """Return an entry of a new, empty append blob; `entry` holds its properties."""
    return {**entry, "kind": KIND, "series": world.new_id(), "blocks": 0, "length": 0, "md5": ""}


def content(world: World, entry: Json) -> bytes:
    """Return the content of a blob of either kind."""
    if entry.get("kind") != KIND:
        return store.content(world, entry["content"])
    rows = (world.table(APPENDED).peek(_key(entry, number)) for number in range(entry["blocks"]))
    return b"".join(base64.b64decode(row["base64"]) for row in rows if row is not None)


def refuse(found: Json | None) -> None:
    """Raise what an append blob answers to calls that are for block blobs."""
    if found is not None and found.get("kind") == KIND:
        raise BlobError(409, "InvalidBlobType", "The blob type is invalid for this operation.")


def _key(entry: Json, number: int) -> str:
    return f"{entry['series']}/{number:05}"


def append(world: World, request: Request, view: View, container: str, name: str) -> Answer:
    """Append Block."""
    found = store.existing(world, view, container, name)
    conditions.check(request, found, read=False)
    if found.get("kind") != KIND:
        raise BlobError(409, "InvalidBlobType", "The blob type is invalid for this operation.")
    if not request.body:
        raise BlobError(400, "InvalidHeaderValue", "The value for one of the HTTP headers is not valid.")
    if len(request.body) > LARGEST_BLOCK:
        message = "The request body is too large and exceeds the maximum permissible limit."
        raise BlobError(413, "RequestBodyTooLarge", message)
    _check_position(request, found)
    if found["blocks"] >= MOST_BLOCKS:
        message = "The committed block count cannot exceed the maximum limit of 50,000 blocks."
        raise BlobError(409, "BlockCountExceedsLimit", message)
    digest = base64.b64encode(hashlib.md5(request.body, usedforsecurity=False).digest()).decode()
    if request.headers.get("content-md5", digest) != digest:
        message = (
            "The MD5 value specified in the request did not match with the one calculated by the server."
        )
        raise BlobError(400, "Md5Mismatch", message)
    world.table(APPENDED).put(
        _key(found, found["blocks"]), {"base64": base64.b64encode(request.body).decode()}
    )
    kept = {key: value for key, value in found.items() if key not in {"at", "etag"}}
    kept |= {"blocks": found["blocks"] + 1, "length": found["length"] + len(request.body)}
    entry = store.put_version(world, view.account, container, name, kept)
    headers = {
        "ETag": entry["etag"],
        "Last-Modified": http_date(world.now),
        "Content-MD5": digest,
        "x-ms-blob-append-offset": str(found["length"]),
        "x-ms-blob-committed-block-count": str(entry["blocks"]),
        "x-ms-request-server-encrypted": "true",
    }
    return Answer(201, None, headers)


def _check_position(request: Request, found: Json) -> None:
    at = request.headers.get("x-ms-blob-condition-appendpos")
    if at is not None and int(at) != found["length"]:
        message = "The append position condition specified was not met."
        raise BlobError(412, "AppendPositionConditionNotMet", message)
    most = request.headers.get("x-ms-blob-condition-maxsize")
    if most is not None and found["length"] + len(request.body) > int(most):
        message = "The max blob size condition specified was not met."
        raise BlobError(412, "MaxBlobSizeConditionNotMet", message)
