"""Writing blobs: whole, in blocks, their metadata and properties, deleting."""

import re
from xml.etree import ElementTree as ET

from infra.local.azure.core.clock import http_date
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.blobs import appending, conditions, store
from infra.local.azure.services.blobs.account import View
from infra.local.azure.services.blobs.errors import BLOB_NOT_FOUND, XML, BlobError, unsupported
from infra.local.azure.services.blobs.reading import digest

# Properties that come with a write and are given back as they are.
_KEPT = ("Cache-Control", "Content-Encoding", "Content-Language", "Content-Disposition")
_METADATA = re.compile(r"[a-z_][a-z0-9_]*")


def metadata(request: Request) -> dict[str, str]:
    found = {
        name.removeprefix("x-ms-meta-"): value
        for name, value in request.headers.items()
        if name.startswith("x-ms-meta-")
    }
    if not all(_METADATA.fullmatch(name) for name in found):
        message = "The metadata specified is invalid. It has characters that are not permitted."
        raise BlobError(400, "InvalidMetadata", message)
    return found


def _settings(request: Request) -> dict[str, str]:
    given = {name: request.headers.get(f"x-ms-blob-{name.lower()}") for name in _KEPT}
    return {name: value for name, value in given.items() if value}


def _type(request: Request) -> str:
    headers = request.headers
    return headers.get("x-ms-blob-content-type") or headers.get("content-type") or "application/octet-stream"


def _shown(request: Request) -> Json:
    """What comes with a write besides the content."""
    return {"type": _type(request), "settings": _settings(request), "metadata": metadata(request)}


def _check_digest(request: Request, content: bytes) -> None:
    if "x-ms-content-crc64" in request.headers or "x-ms-structured-body" in request.headers:
        raise unsupported("CRC64 checks")
    given = request.headers.get("content-md5")
    if given is not None and given != digest(content):
        message = (
            "The MD5 value specified in the request did not match with the one calculated by the server."
        )
        raise BlobError(400, "Md5Mismatch", message)


def _written(world: World, entry: Json, *, status: int = 201, md5: bool = True) -> Answer:
    headers = {
        "ETag": entry["etag"],
        "Last-Modified": http_date(world.now),
        "x-ms-request-server-encrypted": "true",
        **({"Content-MD5": entry["md5"]} if md5 else {}),
    }
    return Answer(status, None, headers)


def put(world: World, request: Request, view: View, container: str, name: str) -> Answer:
    """Put Blob: the whole content in one request."""
    if "x-ms-copy-source" in request.headers:
        raise unsupported("copying")
    kind = request.headers.get("x-ms-blob-type")
    if kind is None:
        message = "An HTTP header that's mandatory for this request is not specified."
        raise BlobError(400, "MissingRequiredHeader", message)
    if kind not in {"BlockBlob", appending.KIND}:
        raise unsupported(f"blobs of type {kind}")
    found = store.current(world, view, container, name)
    conditions.check(request, found, read=False)
    if kind == appending.KIND:
        if request.body:
            message = "The value for one of the HTTP headers is not in the correct format."
            raise BlobError(400, "InvalidHeaderValue", message)
        made = {**_shown(request), "created": world.now}
        return _written(
            world,
            store.put_version(world, view.account, container, name, appending.fresh(world, made)),
            md5=False,
        )
    _check_digest(request, request.body)
    entry = _commit(world, request, view, (container, name), found=found, content=request.body, blocks=[])
    return _written(world, entry)


def _commit(
    world: World,
    request: Request,
    view: View,
    where: tuple[str, str],
    *,
    found: Json | None,
    content: bytes,
    blocks: list[Json],
) -> Json:
    tier = request.headers.get("x-ms-access-tier")
    entry: Json = {
        **_shown(request),
        "content": store.keep(world, content),
        "length": len(content),
        "md5": digest(content),
        "created": found["created"] if found else world.now,
        "blocks": blocks,
        **({"tier": tier} if tier else {}),
    }
    if blocks:
        # After a block list the service knows only what the client says of the whole.
        entry["type"] = request.headers.get("x-ms-blob-content-type") or "application/octet-stream"
    store.drop_blocks(world, store.blob_key(view.account, *where) + "\n")
    return store.put_version(world, view.account, *where, entry)


def _block_key(view: View, container: str, name: str, block: str) -> str:
    return f"{store.blob_key(view.account, container, name)}\n{store.cased(block)}"


def put_block(world: World, request: Request, view: View, container: str, name: str) -> Answer:
    store.container(world, view, container)
    block = request.query.get("blockid", "")
    if not re.fullmatch(r"[A-Za-z0-9+/]+={0,2}", block) or len(block) > 88:
        message = "Value for one of the query parameters specified in the request URI is invalid."
        raise BlobError(400, "InvalidQueryParameterValue", message)
    _check_digest(request, request.body)
    key = _block_key(view, container, name, block)
    before = world.table(store.BLOCKS).peek(key)
    if before is not None:
        store.release(world, before["content"])
    kept: Json = {"id": block, "content": store.keep(world, request.body), "length": len(request.body)}
    world.table(store.BLOCKS).put(key, kept)
    return Answer(201, None, {"Content-MD5": digest(request.body), "x-ms-request-server-encrypted": "true"})


def put_block_list(world: World, request: Request, view: View, container: str, name: str) -> Answer:
    found = store.current(world, view, container, name)
    conditions.check(request, found, read=False)
    try:
        wanted = [(row.tag, row.text or "") for row in ET.fromstring(request.body)]  # noqa: S314 - loopback
    except ET.ParseError as error:
        message = "XML specified is not syntactically valid."
        raise BlobError(400, "InvalidXmlDocument", message) from error
    appending.refuse(found)
    committed = _committed(world, found)
    parts: list[bytes] = []
    blocks: list[Json] = []
    for kind, block in wanted:
        fresh = world.table(store.BLOCKS).peek(_block_key(view, container, name, block))
        if kind != "Committed" and fresh is not None:
            part = store.content(world, fresh["content"])
        elif kind != "Uncommitted" and block in committed:
            part = committed[block]
        else:
            raise BlobError(400, "InvalidBlockList", "The specified block list is invalid.")
        parts.append(part)
        blocks.append({"id": block, "length": len(part)})
    entry = _commit(
        world, request, view, (container, name), found=found, content=b"".join(parts), blocks=blocks
    )
    return _written(world, entry, md5=False)


def _committed(world: World, found: Json | None) -> dict[str, bytes]:
    if found is None:
        return {}
    content, start = store.content(world, found["content"]), 0
    parts: dict[str, bytes] = {}
    for block in found["blocks"]:
        parts[block["id"]] = content[start : start + block["length"]]
        start += block["length"]
    return parts


def get_block_list(world: World, request: Request, view: View, container: str, name: str) -> Answer:
    found = store.current(world, view, container, name)
    appending.refuse(found)
    prefix = store.blob_key(view.account, container, name) + "\n"
    fresh = [row for _, row in world.table(store.BLOCKS).rows(prefix)]
    if found is None and not fresh:
        raise BlobError(*BLOB_NOT_FOUND)
    kind = request.query.get("blocklisttype", "committed").lower()
    lists = {"Committed": found["blocks"] if found else [], "Uncommitted": fresh}
    body = '\ufeff<?xml version="1.0" encoding="utf-8"?><BlockList>'
    for tag, blocks in lists.items():
        if kind in {"all", tag.lower()}:
            rows = "".join(
                f"<Block><Name>{block['id']}</Name><Size>{block['length']}</Size></Block>" for block in blocks
            )
            body += f"<{tag}Blocks>{rows}</{tag}Blocks>"
    length = {"x-ms-blob-content-length": str(found["length"])} if found else {}
    return Answer(200, body + "</BlockList>", {**XML, **length})


def change(world: World, request: Request, view: View, container: str, name: str) -> Answer:
    """Set metadata, properties or tier: the content stays."""
    found = store.existing(world, view, container, name)
    conditions.check(request, found, read=False)
    kept = {key: value for key, value in found.items() if key not in {"at", "etag"}}
    if "content" in found:
        kept["content"] = store.keep(world, store.content(world, found["content"]))
    match request.query["comp"].lower():
        case "metadata":
            kept["metadata"] = metadata(request)
        case "properties":
            kept["settings"] = _settings(request)
            kept["type"] = request.headers.get("x-ms-blob-content-type") or "application/octet-stream"
            kept["md5"] = request.headers.get("x-ms-blob-content-md5") or kept["md5"]
        case _:
            tier = request.headers.get("x-ms-access-tier", "")
            if tier not in {"Hot", "Cool", "Cold"}:
                raise BlobError(400, "InvalidHeaderValue", f"The access tier '{tier}' is not supported.")
            # Changing the tier leaves ETag and Last-Modified alone.
            kept |= {"tier": tier, "etag": found["etag"]}
    return _written(
        world, store.put_version(world, view.account, container, name, kept), status=200, md5=False
    )


def delete(world: World, request: Request, view: View, container: str, name: str) -> Answer:
    found = store.existing(world, view, container, name)
    conditions.check(request, found, read=False)
    if request.headers.get("x-ms-delete-snapshots", "include").lower() == "only":
        raise unsupported("snapshots")
    store.delete(world, view.account, container, name)
    return Answer(202, None, {"x-ms-delete-type-permanent": "true"})
