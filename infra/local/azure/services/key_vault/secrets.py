"""The calls on secrets, and on deleted ones."""

import base64

from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.key_vault import state
from infra.local.azure.services.key_vault.vault import (
    HOST,
    RECOVERABLE_DAYS,
    VaultError,
    asked,
    checked,
    find,
    not_found,
    paged,
    service,
)

BACKUPS = "secret backup"
LARGEST = 25 * 1024


def attributes(version: Json) -> Json:
    dates = {name: version[name] for name in ("nbf", "exp") if version.get(name) is not None}
    return {
        "enabled": version.get("enabled", True),
        **dates,
        "created": int(version["created"]),
        "updated": int(version["updated"]),
        "recoveryLevel": "Recoverable+Purgeable",
        "recoverableDays": RECOVERABLE_DAYS,
    }


def _shown(request: Request, row: Json, version: Json, *, value: bool, with_version: bool = True) -> Json:
    where = f"https://{request.host}/secrets/{row['name']}"
    shown: Json = {
        "id": f"{where}/{version['version']}" if with_version else where,
        "attributes": attributes(version),
    }
    shown |= {name: version[name] for name in ("contentType", "tags") if version.get(name) is not None}
    return {"value": version["value"], **shown} if value else shown


def _gone(request: Request, row: Json, version: Json, *, with_version: bool) -> Json:
    return {
        "recoveryId": f"https://{request.host}/deletedsecrets/{row['name']}",
        "deletedDate": int(row["deleted"]),
        "scheduledPurgeDate": int(state.purge_date(row)),
        **_shown(request, row, version, value=False, with_version=with_version),
    }


def _settings(body: Json, before: Json) -> Json:
    """Return what a version is after a PUT (before: nothing) or a PATCH."""
    given: Json = body.get("attributes") or {}
    for name in ("nbf", "exp"):
        if not isinstance(given.get(name, 0), int | None):
            raise VaultError(400, "BadParameter", f"attributes.{name} must be a Unix time.")
    changed = {name: given[name] for name in ("enabled", "nbf", "exp") if name in given}
    changed |= {name: body[name] for name in ("contentType", "tags") if name in body}
    return {**before, **changed}


def _version(row: Json, wanted: str) -> Json:
    found = next((one for one in row["versions"] if one["version"] == wanted.lower()), None)
    if found is None:
        raise not_found("secret", f"{row['name']}/{wanted}")
    return found


@service.on("GET", HOST, "/secrets", token=False)
def list_secrets(world: World, request: Request) -> Answer:
    rows = state.rows(world, asked(world, request), "active")
    return paged(
        request, [_shown(request, row, row["versions"][-1], value=False, with_version=False) for row in rows]
    )


@service.on("PUT", HOST, "/secrets/{name}", token=False)
def put(world: World, request: Request) -> Answer:
    vault, name = asked(world, request), checked(request.params["name"], "secret")
    body = request.json
    if not isinstance(body.get("value"), str):
        raise VaultError(400, "BadParameter", "The parameter 'value' is required.")
    if len(body["value"].encode()) > LARGEST:
        raise VaultError(400, "BadParameter", f"The secret value exceeds the maximum of {LARGEST} bytes.")
    state.refuse_unless_free(world, vault, name)
    row = state.add_version(world, vault, name, _settings(body, {"value": body["value"]}))
    return Answer(200, _shown(request, row, row["versions"][-1], value=True))


@service.on("POST", HOST, "/secrets/restore", token=False)
def restore(world: World, request: Request) -> Answer:
    """Put a backup back, with all of its versions, into any vault of the estate."""
    vault = asked(world, request)
    text = str(request.json.get("value") or "")
    try:
        backup = world.table(BACKUPS).peek(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode())
    except ValueError:
        backup = None
    if backup is None:
        raise VaultError(400, "BadParameter", "AKV10009: The backup blob is not valid.")
    name = backup["name"]
    state.refuse_unless_free(world, vault, name)
    if state.row_of(world, vault, name) is not None:
        raise VaultError(409, "Conflict", f"A secret with name {name} already exists.")
    row: Json = {"name": name, "versions": backup["versions"]}
    state.keep(world, vault, row)
    return Answer(200, _shown(request, row, row["versions"][-1], value=False))


@service.on("POST", HOST, "/secrets/{name}/backup", token=False)
def backup(world: World, request: Request) -> Answer:
    """Return what only a vault can read: an address of the copy that is kept."""
    row = state.active(world, asked(world, request), request.params["name"])
    where = world.new_id()
    world.table(BACKUPS).put(where, {"name": row["name"], "versions": row["versions"]})
    return Answer(200, {"value": base64.urlsafe_b64encode(where.encode()).decode().rstrip("=")})


@service.on("GET", HOST, "/secrets/{name}/versions", token=False)
def list_versions(world: World, request: Request) -> Answer:
    row = state.active(world, asked(world, request), request.params["name"])
    return paged(request, [_shown(request, row, version, value=False) for version in row["versions"]])


@service.on("GET", HOST, "/secrets/{name}", token=False)
@service.on("GET", HOST, "/secrets/{name}/", token=False)
@service.on("GET", HOST, "/secrets/{name}/{version}", token=False)
def get(world: World, request: Request) -> Answer:
    row = state.active(world, asked(world, request), request.params["name"])
    wanted = request.params.get("version")
    found = _version(row, wanted) if wanted else row["versions"][-1]
    if not found.get("enabled", True):
        message = "Operation get is not allowed on a disabled secret."
        raise VaultError(403, "Forbidden", message, "SecretDisabled")
    return Answer(200, _shown(request, row, found, value=True))


@service.on("PATCH", HOST, "/secrets/{name}/{version}", token=False)
@service.on("PATCH", HOST, "/secrets/{name}/", token=False)
@service.on("PATCH", HOST, "/secrets/{name}", token=False)
def patch(world: World, request: Request) -> Answer:
    vault = asked(world, request)
    row = state.active(world, vault, request.params["name"])
    wanted = request.params.get("version")
    before = _version(row, wanted) if wanted else row["versions"][-1]
    after = {**_settings(request.json, before), "updated": world.now}
    row["versions"] = [after if one["version"] == before["version"] else one for one in row["versions"]]
    state.keep(world, vault, row)
    return Answer(200, _shown(request, row, after, value=False))


@service.on("DELETE", HOST, "/secrets/{name}", token=False)
def delete(world: World, request: Request) -> Answer:
    vault = asked(world, request)
    row = state.active(world, vault, request.params["name"])
    gone: Json = {"name": row["name"], "versions": row["versions"], "deleted": world.now}
    state.keep(world, vault, gone)
    return Answer(200, _gone(request, gone, gone["versions"][-1], with_version=True))


@service.on("GET", HOST, "/deletedsecrets", token=False)
def list_deleted(world: World, request: Request) -> Answer:
    rows = state.rows(world, asked(world, request), "deleted", "recovering")
    return paged(request, [_gone(request, row, row["versions"][-1], with_version=False) for row in rows])


@service.on("GET", HOST, "/deletedsecrets/{name}", token=False)
def get_deleted(world: World, request: Request) -> Answer:
    row = state.deleted(world, asked(world, request), request.params["name"])
    return Answer(200, _gone(request, row, row["versions"][-1], with_version=True))


@service.on("POST", HOST, "/deletedsecrets/{name}/recover", token=False)
def recover(world: World, request: Request) -> Answer:
    """Begin to bring a secret back: it is there again a few seconds later."""
    vault, name = asked(world, request), request.params["name"]
    row = state.row_of(world, vault, name)
    _refuse_while_changing(world, row, name)
    row = state.deleted(world, vault, name)
    row["recovering"] = world.now
    state.keep(world, vault, row)
    return Answer(200, _shown(request, row, row["versions"][-1], value=False))


@service.on("DELETE", HOST, "/deletedsecrets/{name}", token=False)
def purge(world: World, request: Request) -> Answer:
    vault, name = asked(world, request), request.params["name"]
    _refuse_while_changing(world, state.row_of(world, vault, name), name)
    state.deleted(world, vault, name)
    if ((find(world, vault) or {}).get("properties") or {}).get("enablePurgeProtection"):
        message = "Operation 'purge' is not allowed because purge protection is enabled for this vault."
        raise VaultError(403, "Forbidden", message, "ForbiddenByPolicy")
    world.table(state.SECRETS).delete(f"{vault}/{name}")
    return Answer(204)


def _refuse_while_changing(world: World, row: Json | None, name: str) -> None:
    found = state.state(world, row) if row else ""
    if found in {"deleting", "recovering"}:
        inner = "ObjectIsBeingDeleted" if found == "deleting" else "ObjectIsBeingRecovered"
        doing = "deleted" if found == "deleting" else "recovered"
        raise VaultError(409, "Conflict", f"Secret {name} is currently being {doing}.", inner)
