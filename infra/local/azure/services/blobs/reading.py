"""Reading blobs: content, ranges, properties."""

import base64
import hashlib

from infra.local.azure.core.clock import http_date
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.blobs import appending, conditions, store
from infra.local.azure.services.blobs.account import View
from infra.local.azure.services.blobs.errors import BLOB_NOT_FOUND, BlobError


def _found(world: World, request: Request, view: View, container: str, name: str) -> Json:
    found = store.current(world, view, container, name)
    if found is None:
        raise BlobError(*BLOB_NOT_FOUND)
    conditions.check(request, found, read=True)
    return found


def properties(entry: Json) -> dict[str, str]:
    """Return the headers of a blob, without its length."""
    return {
        "Content-Type": entry["type"],
        "ETag": entry["etag"],
        "Last-Modified": http_date(entry["at"]),
        "Accept-Ranges": "bytes",
        "x-ms-creation-time": http_date(entry["created"]),
        "x-ms-blob-type": entry.get("kind", "BlockBlob"),
        "x-ms-lease-state": "available",
        "x-ms-lease-status": "unlocked",
        "x-ms-server-encrypted": "true",
        "x-ms-access-tier": entry.get("tier", "Hot"),
        **({} if "tier" in entry else {"x-ms-access-tier-inferred": "true"}),
        **entry["settings"],
        **{f"x-ms-meta-{name}": value for name, value in entry["metadata"].items()},
    }


def _md5(entry: Json) -> dict[str, str]:
    """The digest of the whole, which nobody has worked out for a blob that grows."""
    return {"Content-MD5": entry["md5"]} if entry["md5"] else {}


def head(world: World, request: Request, view: View, container: str, name: str) -> Answer:
    found = _found(world, request, view, container, name)
    return Answer(200, None, {**properties(found), **_md5(found), "Content-Length": str(found["length"])})


def get(world: World, request: Request, view: View, container: str, name: str) -> Answer:
    found = _found(world, request, view, container, name)
    content = appending.content(world, found)
    wanted = conditions.byte_range(request, len(content))
    if wanted is None:
        return Answer(200, content, {**properties(found), **_md5(found)})
    first, last = wanted
    part = content[first : last + 1]
    headers = {
        **properties(found),
        "Content-Range": f"bytes {first}-{last}/{len(content)}",
        **({"x-ms-blob-content-md5": found["md5"]} if found["md5"] else {}),
    }
    if request.headers.get("x-ms-range-get-content-md5", "").lower() == "true":
        headers["Content-MD5"] = digest(part)
    return Answer(206, part, headers)


def digest(content: bytes) -> str:
    """Return the base64 of the MD5, as storage headers carry it."""
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
