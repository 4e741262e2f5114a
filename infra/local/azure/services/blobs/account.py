"""Which storage account a host means, which of its regions answers, and how far its copy has come."""

import math
from dataclasses import dataclass

from infra.local.azure import durations
from infra.local.azure.core.errors import Unreachable
from infra.local.azure.core.http import Request
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World, region_name
from infra.local.azure.services.blobs.errors import BlobError

TYPE = "Microsoft.Storage/storageAccounts"
TENANT = "11111111-1111-4111-8111-111111111111"
READABLE_COPIES = {"Standard_RAGRS", "Standard_RAGZRS"}


@dataclass(frozen=True)
class View:
    """An account as one of its endpoints shows it: what was written until then; inf for the primary."""

    account: str
    until: float
    endpoint: str
    sku: str


def find(world: World, name: str) -> Json | None:
    """Return the ARM resource of an account (read only)."""
    wanted = name.lower()
    return next((row for row in world.of_type(TYPE) if row["name"].lower() == wanted), None)


def primary_region(account: Json) -> str:
    return region_name(account["properties"].get("primaryLocation") or account["location"])


def secondary_region(account: Json) -> str | None:
    location = account["properties"].get("secondaryLocation")
    return region_name(location) if location else None


def sku(account: Json) -> str:
    return (account.get("sku") or {}).get("name", "Standard_LRS")


def last_sync(world: World, account: Json) -> float:
    """Return until when the other region has everything; it stands still while the primary is out."""
    if secondary_region(account) is None:
        return world.now
    # The storage service moves it on while both regions are there.
    kept = world.table("storage").peek(account["name"])
    return kept["synced"] if kept else world.now - durations.STORAGE_REPLICATION_LAG


def reachable(world: World, account: Json) -> View | None:
    """Return what a reader inside Azure gets who knows only the account: primary, else a readable copy."""
    name = account["name"].lower()
    if _up(world, primary_region(account), f"{name}.blob.core.windows.net"):
        return View(name, math.inf, "", sku(account))
    secondary = secondary_region(account)
    if (
        secondary
        and sku(account) in READABLE_COPIES
        and _up(world, secondary, f"{name}-secondary.blob.core.windows.net")
    ):
        return View(name, last_sync(world, account), "", sku(account))
    return None


def _up(world: World, region: str, host: str) -> bool:
    return world.region_up(region) and not world.faults.host_down(host)


def viewed(world: World, request: Request) -> View:
    """Return the view of a request's host, or raise what the endpoint would answer."""
    name = request.params["account"].lower()
    account = find(world, name)
    copy = account is None and name.endswith("-secondary")
    if copy:
        account = find(world, name.removesuffix("-secondary"))
    if account is None:
        raise Unreachable(request.host)
    region = secondary_region(account) if copy else primary_region(account)
    if region is None:
        raise Unreachable(request.host)
    world.require_region(region)
    _authenticate(request)
    if not copy:
        return View(name, math.inf, f"https://{request.host}/", sku(account))
    if sku(account) not in READABLE_COPIES:
        raise BlobError(
            403,
            "InsufficientAccountPermissions",
            "Read-access geo-redundant replication is not enabled for the account.",
        )
    if request.method not in {"GET", "HEAD"}:
        raise BlobError(
            403,
            "InsufficientAccountPermissions",
            "Write operations to the secondary location are not allowed.",
        )
    return View(account["name"].lower(), last_sync(world, account), f"https://{request.host}/", sku(account))


def _authenticate(request: Request) -> None:
    given = request.headers.get("authorization", "")
    if given.lower().startswith("bearer ") and given[7:].strip():
        return
    if given or "sig" in request.query:
        raise BlobError(
            403,
            "KeyBasedAuthenticationNotPermitted",
            "Key based authentication is not permitted on this storage account.",
        )
    where = f"https://login.microsoftonline.com/{TENANT}/oauth2/authorize"
    raise BlobError(
        401,
        "NoAuthenticationInformation",
        "Server failed to authenticate the request. "
        "Please refer to the information in the www-authenticate header.",
        {"WWW-Authenticate": f"Bearer authorization_uri={where} resource_id=https://storage.azure.com"},
    )
