"""The keys of accounts: what they are now, who may still use one, and what the estate's app does with them."""

import base64
import hashlib
from collections.abc import Mapping

from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.dependencies import dependency, host_of
from infra.local.azure.services.key_vault import state

TABLE = "account key"
COSMOS = "Microsoft.DocumentDB/databaseAccounts"
SEARCH = "Microsoft.Search/searchServices"
STORAGE = "Microsoft.Storage/storageAccounts"
OPENAI = "Microsoft.CognitiveServices/accounts"
NAMES: dict[str, tuple[str, ...]] = {
    COSMOS: ("primary", "secondary", "primaryReadonly", "secondaryReadonly"),
    SEARCH: ("primary", "secondary"),
    STORAGE: ("key1", "key2"),
    OPENAI: ("key1", "key2"),
}
service = Service("account_keys")


@service.seed
def plant(world: World) -> None:
    """Put the keys that the estate's app uses into the vaults, where it reads them."""
    for region in ("japaneast", "japanwest"):
        vault, search = f"kv-fas-{region}", f"srch-fas-{region}"
        _put_in_vault(world, vault, "search-api-key", of(world, SEARCH, search)["primary"])
        primary = of(world, COSMOS, "cosmos-fas-prod")["primary"]
        connection = f"AccountEndpoint=https://cosmos-fas-prod.documents.azure.com:443/;AccountKey={primary};"
        _put_in_vault(world, vault, "agents-db-connection", connection)


def _put_in_vault(world: World, vault: str, name: str, value: str) -> None:
    row = state.row_of(world, vault, name)
    if row is not None:
        row["versions"][-1]["value"] = value
        state.keep(world, vault, row)


def of(world: World, kind: str, name: str) -> dict[str, str]:
    """Return the keys of an account by their names."""
    kept = world.table(TABLE).peek(f"{kind}/{name}") or {"generations": {}}
    return {one: _key(world, kind, name, one, kept["generations"].get(one, "")) for one in NAMES[kind]}


def regenerate(world: World, kind: str, name: str, which: str) -> None:
    """Replace a key; the old one is void from now on."""
    kept = world.table(TABLE).get(f"{kind}/{name}") or {"generations": {}, "at": {}}
    kept["generations"][which], kept["at"][which] = world.new_id(), world.now
    world.table(TABLE).put(f"{kind}/{name}", kept)


def works(world: World, kind: str, name: str, key: str) -> bool:
    """Whether an account takes that key now."""
    return key in of(world, kind, name).values()


def _key(world: World, kind: str, name: str, which: str, generation: str) -> str:
    text = f"{world.seed}/{kind}/{name.lower()}/{which}/{generation}".encode()
    if kind == OPENAI:
        return hashlib.sha256(text).hexdigest()[:32]
    if kind == SEARCH:
        return base64.b32encode(hashlib.sha512(text).digest()).decode()[:52]
    return base64.b64encode(hashlib.sha512(text).digest()).decode()


@dependency("keys")
def has_working_keys(world: World, settings: Mapping[str, str]) -> str | None:
    """Return which of the keys in its vault the app is refused with, or None."""
    vault = host_of(settings.get("KEY_VAULT_URI", "")).split(".")[0]
    used = (
        ("SEARCH_ENDPOINT", SEARCH, "search-api-key"),
        ("COSMOS_ENDPOINT", COSMOS, "agents-db-connection"),
    )
    for setting, kind, secret in used:
        host = host_of(settings.get(setting, ""))
        row = world.table(state.SECRETS).peek(f"{vault}/{secret}")
        if not host or row is None:
            continue
        value = str(row["versions"][-1]["value"])
        key = value.partition("AccountKey=")[2].rstrip(";") or value
        # A connection string says itself where it leads.
        name = host_of(value.partition("AccountEndpoint=")[2].split(";")[0] or host).split(".")[0]
        there = any(one["name"].lower() == name for one in world.of_type(kind))
        if there and not works(world, kind, name, key):
            return f"401 from {name}: the key in secret '{secret}' of {vault} is not valid"
    return None


@service.truth("account_keys")
def truth(world: World) -> object:
    """Tell when each account's keys were regenerated, and never a key."""
    told: Json = {}
    for kind in NAMES:
        for account in world.of_type(kind):
            kept = world.table(TABLE).peek(f"{kind}/{account['name']}") or {"at": {}}
            told[account["name"]] = {"regenerated": sorted(kept["at"])}
    return told
