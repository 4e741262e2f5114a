"""Containers and blobs as documents: every blob keeps the versions that its copy has not overtaken yet."""

import base64
import hashlib
import math
from collections.abc import Iterator

from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.blobs import protection
from infra.local.azure.services.blobs.account import View, find, last_sync
from infra.local.azure.services.blobs.errors import BLOB_NOT_FOUND, CONTAINER_NOT_FOUND, BlobError

CONTAINERS, BLOBS, BLOCKS, CONTENT = "blob container", "blob", "blob block", "blob content"


def cased(name: str) -> str:
    """Write a name so that keys, which ignore case, still tell `A` from `a`."""
    return "".join(char if char.lower() == char and char != "^" else f"^{ord(char):x};" for char in name)


def new_etag(world: World) -> str:
    return f'"0x8D{world.new_id().replace("-", "")[:13].upper()}"'


def container(world: World, view: View, name: str) -> Json:
    found = world.table(CONTAINERS).peek(f"{view.account}/{name}")
    if found is None or found.get("deleted") is not None or found["at"] > view.until:
        raise BlobError(*CONTAINER_NOT_FOUND)
    return found


def is_there(world: World, key: str, row: Json) -> bool:
    """Whether the container of a blob has not been deleted."""
    owner = world.table(CONTAINERS).peek(f"{key.split('/', maxsplit=1)[0]}/{row['container']}")
    return owner is not None and owner.get("deleted") is None


def containers(world: World, view: View) -> Iterator[Json]:
    for _, row in world.table(CONTAINERS).rows(f"{view.account}/"):
        if row.get("deleted") is None and row["at"] <= view.until:
            yield row


def put_container(world: World, account: str, name: str, metadata: Json, *, at: float | None = None) -> Json:
    row: Json = {
        "account": account,
        "name": name,
        "at": world.now if at is None else at,
        "modified": world.now if at is None else at,
        "etag": new_etag(world),
        "metadata": metadata,
    }
    world.table(CONTAINERS).put(f"{account}/{name}", row)
    return row


def keep(world: World, content: bytes) -> str:
    """Store bytes and return where; equal bytes are stored once for as long as someone needs them."""
    where = hashlib.sha256(content).hexdigest()
    kept = world.table(CONTENT).peek(where)
    uses = kept["uses"] if kept else 0
    text = kept["base64"] if kept else base64.b64encode(content).decode()
    world.table(CONTENT).put(where, {"base64": text, "uses": uses + 1})
    return where


def content(world: World, where: str) -> bytes:
    row = world.table(CONTENT).peek(where)
    assert row is not None
    return base64.b64decode(row["base64"])


def release(world: World, where: str) -> None:
    row = world.table(CONTENT).get(where)
    assert row is not None
    if row["uses"] <= 1:
        world.table(CONTENT).delete(where)
    else:
        world.table(CONTENT).put(where, {**row, "uses": row["uses"] - 1})


def blob_key(account: str, container_name: str, name: str) -> str:
    return f"{account}/{container_name}/{cased(name)}"


def version(row: Json | None, until: float = math.inf) -> Json | None:
    """Return what a blob was at a moment, or None when it was not there."""
    seen = [entry for entry in (row or {}).get("versions", ()) if entry["at"] <= until]
    return seen[-1] if seen and not seen[-1].get("gone") else None


def current(world: World, view: View, container_name: str, name: str) -> Json | None:
    container(world, view, container_name)
    return version(world.table(BLOBS).peek(blob_key(view.account, container_name, name)), view.until)


def existing(world: World, view: View, container_name: str, name: str) -> Json:
    found = current(world, view, container_name, name)
    if found is None:
        raise BlobError(*BLOB_NOT_FOUND)
    return found


def blobs(world: World, view: View, container_name: str, prefix: str = "") -> list[tuple[str, Json]]:
    """Return names and versions in the order of their names."""
    container(world, view, container_name)
    rows = world.table(BLOBS).rows(blob_key(view.account, container_name, prefix))
    found = [(row["name"], version(row, view.until)) for _, row in rows]
    return sorted((name, entry) for name, entry in found if entry is not None)


def put_version(world: World, account: str, container_name: str, name: str, entry: Json) -> Json:
    """Add a version; `at` and `etag` are set unless given. Versions older than the copy needs are dropped."""
    key = blob_key(account, container_name, name)
    row = world.table(BLOBS).get(key) or {"container": container_name, "name": name, "versions": []}
    entry = {"at": world.now, "etag": new_etag(world), **entry}
    versions: list[Json] = [*row["versions"], entry]
    _store(world, key, row, _pruned(world, account, versions))
    return entry


def _pruned(world: World, account: str, versions: list[Json]) -> list[Json]:
    owner = find(world, account)
    synced = last_sync(world, owner) if owner is not None else world.now
    if owner is not None:
        synced = min(synced, protection.restorable_since(world, owner))
    kept = list(versions)
    while len(kept) > 1 and kept[1]["at"] <= synced:
        _forget(world, kept.pop(0))
    return kept


def prune(world: World) -> None:
    """Forget versions that every copy has overtaken by now."""
    for key, row in list(world.table(BLOBS).rows()):
        if len(row["versions"]) > 1:
            kept = _pruned(world, key.split("/")[0], row["versions"])
            if len(kept) < len(row["versions"]):
                _store(world, key, row, kept)


def delete(world: World, account: str, container_name: str, name: str) -> None:
    put_version(world, account, container_name, name, {"gone": True})


def _store(world: World, key: str, row: Json, versions: list[Json]) -> None:
    if versions and not (len(versions) == 1 and versions[0].get("gone")):
        world.table(BLOBS).put(key, {**row, "versions": versions})
    else:
        world.table(BLOBS).delete(key)


def _forget(world: World, entry: Json) -> None:
    if "content" in entry:
        release(world, entry["content"])


def delete_container(world: World, row: Json) -> None:
    """Delete a container with all it holds; its name is taken for another 30 seconds, as in Azure.

    Where the account keeps deleted containers, it can be brought back with its blobs.
    """
    owner = find(world, row["account"])
    if owner is not None and protection.container_days(world, owner):
        gone = {**row, "deleted": world.now, "version": f"01{world.new_id().replace('-', '').upper()[:14]}"}
        world.table(CONTAINERS).put(f"{row['account']}/{row['name']}", gone)
        return
    prefix = f"{row['account']}/{row['name']}/"
    for key, blob in list(world.table(BLOBS).rows(prefix)):
        for entry in blob["versions"]:
            _forget(world, entry)
        world.table(BLOBS).delete(key)
    drop_blocks(world, prefix)
    world.table(CONTAINERS).put(f"{row['account']}/{row['name']}", {**row, "deleted": world.now})


def drop_blocks(world: World, prefix: str) -> None:
    for key, block in list(world.table(BLOCKS).rows(prefix)):
        release(world, block["content"])
        world.table(BLOCKS).delete(key)


def lose_unsynced(world: World, account: str, synced: float) -> int:
    """Drop what the other region never received, as an unplanned failover does; returns how many writes."""
    lost = 0
    for key, row in list(world.table(BLOBS).rows(f"{account.lower()}/")):
        newer = [entry for entry in row["versions"] if entry["at"] > synced]
        if newer:
            for entry in newer:
                _forget(world, entry)
            _store(world, key, row, [entry for entry in row["versions"] if entry["at"] <= synced])
            lost += len(newer)
    for key, row in list(world.table(CONTAINERS).rows(f"{account.lower()}/")):
        if row["at"] > synced:
            world.table(CONTAINERS).delete(key)
    return lost
