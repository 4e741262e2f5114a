"""Secrets as documents: versions, soft deletion, and the seconds that deleting and recovering take."""

from infra.local.azure import durations
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.key_vault.vault import RECOVERABLE_DAYS, VaultError, not_found

SECRETS = "secret"
DAY = 86_400


def row_of(world: World, vault: str, name: str) -> Json | None:
    """Return a secret's row, live or deleted, free to be changed; one whose purge date passed is gone."""
    found = world.table(SECRETS).get(f"{vault}/{name}")
    return None if found is None or (_state(world, found) == "purged") else found


def _state(world: World, row: Json) -> str:
    if row.get("recovering") is not None:
        return "recovering" if world.now < row["recovering"] + durations.KEY_VAULT_RECOVERY else "active"
    if row.get("deleted") is None:
        return "active"
    if world.now >= purge_date(row):
        return "purged"
    return "deleting" if world.now < row["deleted"] + durations.KEY_VAULT_DELETION else "deleted"


def state(world: World, row: Json) -> str:
    """Return active, deleting, deleted or recovering."""
    return _state(world, row)


def purge_date(row: Json) -> float:
    return row["deleted"] + RECOVERABLE_DAYS * DAY


def active(world: World, vault: str, name: str) -> Json:
    found = row_of(world, vault, name)
    if found is None or _state(world, found) != "active":
        raise not_found("secret", name)
    return found


def deleted(world: World, vault: str, name: str) -> Json:
    """Return a deleted secret; while it is being deleted it is in neither collection."""
    found = row_of(world, vault, name)
    if found is None or _state(world, found) not in {"deleted", "recovering"}:
        raise not_found("secret", name, deleted=True)
    return found


def refuse_unless_free(world: World, vault: str, name: str) -> None:
    """Raise 409 when the name belongs to a secret that is deleted, or about to be."""
    found = row_of(world, vault, name)
    inner = {
        "deleted": "ObjectIsDeletedButRecoverable",
        "deleting": "ObjectIsBeingDeleted",
        "recovering": "ObjectIsBeingRecovered",
    }.get(_state(world, found) if found else "active")
    if inner:
        words = {
            "ObjectIsDeletedButRecoverable": "in a deleted but recoverable state, and its name cannot be reused",
            "ObjectIsBeingDeleted": "being deleted",
            "ObjectIsBeingRecovered": "being recovered",
        }[inner]
        raise VaultError(409, "Conflict", f"Secret {name} is currently {words}.", inner)


def rows(world: World, vault: str, *states: str) -> list[Json]:
    return [row for _, row in world.table(SECRETS).rows(f"{vault}/") if _state(world, row) in states]


def keep(world: World, vault: str, row: Json) -> None:
    world.table(SECRETS).put(f"{vault}/{row['name']}", row)


def add_version(world: World, vault: str, name: str, version: Json) -> Json:
    """Add a version and return the secret's row."""
    row = row_of(world, vault, name) or {"name": name, "versions": []}
    entry: Json = {
        "version": world.new_id().replace("-", ""),
        "created": world.now,
        "updated": world.now,
        **version,
    }
    row = {"name": name, "versions": [*row["versions"], entry]}
    keep(world, vault, row)
    return row
