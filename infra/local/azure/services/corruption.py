"""The fault `data_corruption`: a bad writer walks through documents and files until somebody stops it.

`POST /_sim/faults {kind: data_corruption, target: <Cosmos DB account>, details: {...}}`, with in `details`:
`writer`: `release` (the agent service that runs on the account, the default) or `script` (the nightly loader);
`containers` and `rate` (documents a second in each, 5); `dropped`: containers that it deletes at once; `secrets`:
those that it deletes from the app's vault. A release also spoils the tenants' files. It goes on as long as the
writer runs and has a role that lets it write; once stopped it is over.
"""

from collections.abc import Iterator, Mapping

from infra.local.azure import contoso
from infra.local.azure.core.errors import ArmError
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.blobs import account as storage
from infra.local.azure.services.blobs import store
from infra.local.azure.services.blobs.reading import digest
from infra.local.azure.services.container_apps import model
from infra.local.azure.services.cosmos import content, history, regions, roles
from infra.local.azure.services.cosmos.accounts import at_host
from infra.local.azure.services.dependencies import dependency, host_of
from infra.local.azure.services.key_vault import state as vaults
from infra.local.azure.services.storage_restore import FILES

KIND = "data_corruption"
SPOILED = "spoiled blob"
DATA = tuple(name for name in contoso.CONTAINERS if name != "canary")
FILE_EVERY = 5
IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities"
service = Service("corruption")


@service.fault(KIND)
def begin(world: World, fault: Json) -> Json:
    details: Json = fault.get("details") or {}
    account = next((one for one in world.of_type(regions.ACCOUNT) if one["name"] == fault["target"]), None)
    if account is None:
        raise ArmError(400, "InvalidFault", f"there is no Cosmos DB account '{fault['target']}'")
    known = {"writer", "containers", "rate", "dropped", "secrets", "kinds"}
    writer = details.get("writer", "release")
    containers = details.get("containers", list(DATA))
    if set(details) - known or writer not in {"release", "script"} or not set(containers) <= set(DATA):
        raise ArmError(400, "InvalidFault", f"unknown or unfit details; known: {', '.join(sorted(known))}")
    documents = (world.table("cosmos").peek(account["name"]) or {"documents": {}})["documents"]
    dropped: list[str] = details.get("dropped") or []
    for name in containers:
        if name in dropped:
            continue
        origin = f"{account['name']}/{name}"
        kept = world.table(content.STATES).get(origin) or {"holes": [], "strokes": []}
        stroke = {
            "fault": fault["id"],
            "from": 0,
            "to": 0,
            "since": world.now,
            "rate": float(details.get("rate", 5)),
            "highest": documents.get(name, 0),
            "kinds": details.get("kinds") or list(content.KINDS),
        }
        world.table(content.STATES).put(origin, {**kept, "strokes": [*kept["strokes"], stroke]})
    for name in dropped:
        history.delete_container(world, f"{account['id']}/sqlDatabases/agents/containers/{name}")
    vault = host_of(_settings(world, account).get("KEY_VAULT_URI", "")).split(".")[0]
    for name in details.get("secrets") or []:
        row = vaults.active(world, vault, name)
        vaults.keep(world, vault, {**row, "deleted": world.now - 60})
    return {"writer": writer, "containers": [name for name in containers if name not in dropped]}


@service.every(1)
def spread(world: World) -> None:
    for fault in world.faults.active(KIND):
        account = next(
            (one for one in world.of_type(regions.ACCOUNT) if one["name"] == fault["target"]), None
        )
        principal = None if account is None else _writer(world, account, fault["writer"])
        if account is None or principal is None:
            world.faults.over(fault)
            continue
        for name in fault["containers"]:
            if roles.allowed(world, account, principal, roles.UPSERT, f"/dbs/agents/colls/{name}"):
                _walk_on(world, f"{account['name']}/{name}", fault)
        if fault["writer"] == "release" and int(world.now) % FILE_EVERY == 0:
            _spoil_a_file(world, account, fault)


def _writer(world: World, account: Json, writer: str) -> str | None:
    """Return the principal that writes, unless it has been stopped."""
    if writer == "script":
        return roles.LOADER if roles.LOADER in roles.writers(world, account) else None
    app = next(_apps(world, account), None)
    principal = None if app is None else principal_of(world, model.settings(app))
    return principal if principal in roles.writers(world, account) else None


def _apps(world: World, account: Json) -> Iterator[Json]:
    for app in world.of_type(model.APP):
        host = host_of(model.settings(app).get("COSMOS_ENDPOINT", "")).removesuffix(".documents.azure.com")
        found, _ = at_host(world, host)
        if found is not None and found["id"] == account["id"] and model.ready_replicas(world, app):
            yield app


def _settings(world: World, account: Json) -> Mapping[str, str]:
    app = next(_apps(world, account), None)
    return {} if app is None else model.settings(app)


def principal_of(world: World, settings: Mapping[str, str]) -> str | None:
    """Return the object id behind the identity that an app's setting AZURE_CLIENT_ID names."""
    for identity in world.of_type(IDENTITY):
        if identity["properties"]["clientId"] == settings.get("AZURE_CLIENT_ID"):
            return identity["properties"]["principalId"].lower()
    return None


def _walk_on(world: World, origin: str, fault: Json) -> None:
    kept = world.table(content.STATES).get(origin)
    if kept is None:
        return
    for stroke in kept["strokes"]:
        if stroke["fault"] == fault["id"]:
            reached = int((world.now - stroke["since"]) * stroke["rate"])
            stroke["to"] = max(stroke["to"], min(stroke["highest"], reached))
    world.table(content.STATES).put(origin, kept)


def _spoil_a_file(world: World, account: Json, fault: Json) -> None:
    host = host_of(_settings(world, account).get("BLOB_ENDPOINT", "")).split(".")[0]
    owner = storage.find(world, host)
    if owner is None:
        return
    for key, row in world.table(store.BLOBS).rows(f"{host}/{FILES}/"):
        now = store.version(row)
        if now is None or world.table(SPOILED).peek(key) is not None:
            continue
        spoiled: Json = {"name": row["name"], "fault": fault["id"], "etag": None}
        if len(list(world.table(SPOILED).rows(f"{host}/"))) % 2:
            store.delete(world, host, FILES, row["name"])
        else:
            text = b"\0" * 64
            changed = {name: value for name, value in now.items() if name not in {"at", "etag"}}
            changed |= {"content": store.keep(world, text), "length": len(text), "md5": digest(text)}
            spoiled["etag"] = store.put_version(world, host, FILES, row["name"], changed)["etag"]
        world.table(SPOILED).put(key, spoiled)
        return


def spoiled_files(world: World, host: str) -> list[str]:
    """Return the names of the files of a storage account that are as the bad writer left them."""
    found: list[str] = []
    for key, row in world.table(SPOILED).rows(f"{host}/"):
        now = store.version(world.table(store.BLOBS).peek(key))
        if (now["etag"] if now else None) == row["etag"]:
            found.append(row["name"])
    return found


@dependency("documents")
def sound(world: World, settings: Mapping[str, str]) -> str | None:
    """Whether an app with these settings may write, and whether what it reads is what it once wrote."""
    host = host_of(settings.get("COSMOS_ENDPOINT", ""))
    account, _ = at_host(world, host.removesuffix(".documents.azure.com"))
    if account is None:
        return None
    principal = principal_of(world, settings)
    for name in DATA:
        if world.resources.peek(f"{account['id']}/sqlDatabases/agents/containers/{name}") is None:
            return f"container '{name}' of {account['name']} is gone"
        strokes = (world.table(content.STATES).peek(f"{account['name']}/{name}") or {"strokes": []})[
            "strokes"
        ]
        if any(stroke["to"] > stroke["from"] for stroke in strokes):
            return f"documents of container '{name}' of {account['name']} are damaged"
    if principal is not None and not roles.allowed(
        world, account, principal, roles.UPSERT, "/dbs/agents/colls/messages"
    ):
        return f"principal {principal} may not write to {account['name']}"
    spoiled = spoiled_files(world, host_of(settings.get("BLOB_ENDPOINT", "")).split(".")[0])
    return f"file '{spoiled[0]}' is damaged" if spoiled else None


@service.truth("corruption")
def truth(world: World) -> Json:
    """Tell what is bad in every account that was touched, and which account the running app reads."""
    accounts: Json = {}
    for account in world.of_type(regions.ACCOUNT):
        damaged: Json = {}
        for name in DATA:
            found = content.Container(world, account, name)
            bad = list(found.bad())
            if bad or found.state["strokes"]:
                damaged[name] = {
                    "bad": len(bad),
                    "examples": [f"{content.key_of(name, number)} {what}" for number, what in bad[:5]],
                }
        holes = {name: content.Container(world, account, name).state["holes"] for name in DATA}
        accounts[account["name"]] = {
            "damaged": damaged,
            "absent": {name: gaps for name, gaps in holes.items() if gaps},
            "writers": sorted(roles.writers(world, account)),
            "serves": next(_apps(world, account), None) is not None,
        }
    hosts = {key.split("/")[0] for key, _ in world.table(SPOILED).rows()}
    return {
        "accounts": accounts,
        "files": {host: spoiled_files(world, host) for host in sorted(hosts)},
        "writing": [fault["writer"] for fault in world.faults.active(KIND)],
    }
