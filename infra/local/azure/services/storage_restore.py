"""What Microsoft.Storage keeps of blobs, and restoring block blobs of a range to a moment."""

from datetime import datetime

from infra.local.azure import contoso, durations
from infra.local.azure.core.clock import iso
from infra.local.azure.core.errors import ArmError
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.operations import accepted
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.blobs import account as storage
from infra.local.azure.services.blobs import protection, store
from infra.local.azure.services.blobs.reading import digest
from infra.local.azure.services.generic import merged
from infra.local.azure.services.storage import ACCOUNT, account_of

BLOB_SERVICE = ACCOUNT + "/blobServices/default"
FILES, COUNT = "agent-files", 48
RESTORES = "storage restore"
service = Service("storage_restore")


@service.seed
def plant(world: World) -> None:
    """Let the production account keep what it once held, and put the tenants' files there."""
    account = storage.find(world, "stfasprod")
    if account is None:
        return
    days = {"enabled": True, "days": 30}
    kept: Json = {
        "isVersioningEnabled": True,
        "changeFeed": {"enabled": True},
        "deleteRetentionPolicy": days,
        "containerDeleteRetentionPolicy": days,
        "restorePolicy": {"enabled": True, "days": 29},
    }
    _keep(world, account, kept)
    at = world.now - 40 * protection.DAY
    store.put_container(world, account["name"], FILES, {}, at=at)
    for number in range(COUNT):
        tenant = contoso.TENANTS[number % len(contoso.TENANTS)]
        name = f"{tenant}/file-{number:04d}.txt"
        content = f"File {number} of {tenant}: what its agents were given to read.\n".encode()
        entry: Json = {
            "at": at + number * 3600,
            "content": store.keep(world, content),
            "length": len(content),
            "md5": digest(content),
            "type": "text/plain",
            "settings": {},
            "metadata": {"tenant": tenant},
            "created": at + number * 3600,
            "blocks": [],
        }
        store.put_version(world, account["name"], FILES, name, entry)


def _keep(world: World, account: Json, properties: Json) -> Json:
    found: Json = {
        "id": f"{account['id']}/blobServices/default",
        "name": "default",
        "type": "Microsoft.Storage/storageAccounts/blobServices",
        "properties": properties,
    }
    return world.put_resource(found)


@service.arm("GET", BLOB_SERVICE)
def get_service(world: World, request: Request) -> Answer:
    account = account_of(world, request)
    found = world.resources.peek(f"{account['id']}/blobServices/default")
    return Answer(200, found or _keep(world, account, {}))


@service.arm("PUT", BLOB_SERVICE)
def put_service(world: World, request: Request) -> Answer:
    """Change what is kept; points to restore to need versions, the change feed and deleted blobs."""
    account = account_of(world, request)
    wanted = merged(protection.settings(world, account), request.json.get("properties") or {})
    if (wanted.get("restorePolicy") or {}).get("enabled"):
        if (account["properties"] or {}).get("isHnsEnabled"):
            raise _hierarchical()
        for name in ("changeFeed", "deleteRetentionPolicy"):
            if not (wanted.get(name) or {}).get("enabled"):
                raise ArmError(400, "InvalidRequestPropertyValue", f"A restorePolicy needs {name} enabled.")
        if not wanted.get("isVersioningEnabled"):
            raise ArmError(400, "InvalidRequestPropertyValue", "A restorePolicy needs isVersioningEnabled.")
    return Answer(200, _keep(world, account, wanted))


def _hierarchical() -> ArmError:
    message = "This feature is not currently supported for accounts that have hierarchical namespace enabled."
    return ArmError(409, "FeatureNotSupportedForAccount", message)


@service.arm("POST", ACCOUNT + "/restoreBlobRanges")
def restore_ranges(world: World, request: Request) -> Answer:
    """Begin to put the block blobs of ranges back to what they were; deleted containers stay deleted."""
    account = account_of(world, request)
    if account["properties"].get("isHnsEnabled"):
        raise _hierarchical()
    if not protection.restore_days(world, account):
        message = "Point-in-time restore is not enabled for the blob service of this account."
        raise ArmError(409, "RestorePolicyNotEnabled", message)
    if world.operations.running(account["id"]) is not None:
        message = (
            "An operation is currently performing on this storage account that requires exclusive access."
        )
        raise ArmError(409, "StorageAccountOperationInProgress", message)
    body = request.json
    try:
        at = datetime.fromisoformat(str(body.get("timeToRestore"))).timestamp()
    except ValueError as error:
        raise ArmError(400, "InvalidRequestPropertyValue", "timeToRestore is no time.") from error
    if not protection.restorable_since(world, account) <= at < world.now:
        message = f"The time to restore {iso(at)} is not within the retention of the restore policy."
        raise ArmError(400, "InvalidTimeToRestore", message)
    ranges = [
        [one.get("startRange") or "", one.get("endRange") or ""] for one in body.get("blobRanges") or []
    ]
    arguments: Json = {"account": account["name"], "at": at, "ranges": ranges}
    operation = world.operations.begin(
        account["id"],
        "storage.restore",
        arguments,
        seconds=durations.STORAGE_RESTORE_BLOBS,
        failed="Succeeded",
    )
    status = {"status": "InProgress", "restoreId": operation["id"], "parameters": body}
    world.table(RESTORES).put(account["name"], status)
    return accepted(request, operation, location_only=True)


@service.effect("storage.restore")
def restored(world: World, args: Json) -> Json:
    account: str = args["account"].lower()
    for key, row in list(world.table(store.BLOBS).rows(f"{account}/")):
        where = f"{row['container']}/{row['name']}"
        inside = any(start <= where and (not end or where < end) for start, end in args["ranges"])
        if not inside or not store.is_there(world, key, row):
            continue
        then, now = store.version(row, args["at"]), store.version(row)
        if then is None and now is not None:
            store.delete(world, account, row["container"], row["name"])
        elif then is not None and (now is None or now["etag"] != then["etag"]):
            again = {name: value for name, value in then.items() if name not in {"at", "etag"}}
            again["content"] = store.keep(world, store.content(world, then["content"]))
            store.put_version(world, account, row["container"], row["name"], again)
    kept = {**(world.table(RESTORES).peek(account) or {}), "status": "Complete"}
    world.table(RESTORES).put(account, kept)
    return kept


@service.failure("storage.restore")
def not_restored(world: World, args: Json) -> None:
    kept = world.table(RESTORES).peek(args["account"]) or {}
    world.table(RESTORES).put(args["account"], {**kept, "status": "Failed"})
