"""Leads a blob request to what it asks for; everything else is 501."""

import math

from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.service import Service
from infra.local.azure.core.world import World
from infra.local.azure.services.blobs import appending, containers, reading, store, writing
from infra.local.azure.services.blobs.account import View, viewed
from infra.local.azure.services.blobs.errors import NO_RESOURCE, BlobError, answering, unsupported

HOST = "{account}.blob.core.windows.net"
service = Service("blobs")


@answering
def serve(world: World, request: Request) -> Answer:
    view = viewed(world, request)
    container, _, name = request.path.lstrip("/").partition("/")
    for parameter in ("snapshot", "versionid"):
        if parameter in request.query:
            raise unsupported(f"{parameter}s")
    if name:
        return _blob(world, request, view, container, name)
    return _container(world, request, view, container) if container else _account(world, request, view)


for _method in ("GET", "HEAD", "PUT", "DELETE", "POST", "PATCH"):
    service.on(_method, HOST, "/{rest*}", token=False)(serve)


def _account(world: World, request: Request, view: View) -> Answer:
    match request.method, request.query.get("restype", ""), request.query.get("comp", ""):
        case "GET", "", "list":
            return containers.list_containers(world, request, view)
        case "GET", "service", "stats" if not math.isinf(view.until):
            return containers.statistics(world, view)
        case "GET" | "HEAD", "account", "properties":
            return Answer(200, None, {"x-ms-sku-name": view.sku, "x-ms-account-kind": "StorageV2"})
        case "GET", "", "":
            raise BlobError(*NO_RESOURCE)
        case method, kind, comp:
            raise unsupported(f"{method} on the account, restype={kind}, comp={comp}")


def _container(world: World, request: Request, view: View, name: str) -> Answer:
    match request.method, request.query.get("restype", ""), request.query.get("comp", ""):
        case "GET", "container", "list":
            return containers.list_blobs(world, request, view, name)
        case "GET" | "HEAD", "container", "" | "metadata":
            return containers.head(world, view, name)
        case "PUT", "container", "":
            return containers.create(world, request, view, name)
        case "PUT", "container", "metadata":
            return containers.set_metadata(world, request, view, name)
        case "PUT", "container", "undelete":
            return containers.undelete(world, request, view, name)
        case "DELETE", "container", "":
            return containers.delete(world, view, name)
        case method, kind, comp:
            raise unsupported(f"{method} on a container, restype={kind}, comp={comp}")


def _blob(world: World, request: Request, view: View, container: str, name: str) -> Answer:
    match request.method, request.query.get("comp", "").lower():
        case "GET", "":
            handle = reading.get
        case "HEAD", "" | "metadata":
            handle = reading.head
        case "GET", "metadata":
            handle = reading.head
        case "PUT", "":
            handle = writing.put
        case "PUT", "block":
            handle = writing.put_block
        case "PUT", "blocklist":
            handle = writing.put_block_list
        case "PUT", "appendblock":
            handle = appending.append
        case "GET", "blocklist":
            handle = writing.get_block_list
        case "PUT", "metadata" | "properties" | "tier":
            handle = writing.change
        case "DELETE", "":
            handle = writing.delete
        case method, comp:
            raise unsupported(f"{method} on a blob, comp={comp}")
    if "x-ms-lease-id" in request.headers or "x-ms-if-tags" in request.headers:
        raise unsupported("leases and tags")
    return handle(world, request, view, container, name)


@service.every(60)
def forget_overtaken(world: World) -> None:
    store.prune(world)


@service.truth("blobs")
def truth(world: World) -> dict[str, dict[str, object]]:
    """`account/container/name` of every blob -> what is known of it, but for its content."""
    shown = ("length", "md5", "type", "etag", "metadata")
    return {
        f"{key.split('/')[0]}/{row['container']}/{row['name']}": {name: entry[name] for name in shown}
        for key, row in world.table(store.BLOBS).rows()
        if (entry := store.version(row)) is not None and store.is_there(world, key, row)
    }
