"""What clients may look up and sweep out: instances and entities by filter, page by page."""

import json
import re
from dataclasses import dataclass

import durabletask.internal.orchestrator_service_pb2 as pb

from infra.local.host import entities, instances
from infra.local.host.engine import Engine
from infra.local.host.entities import Entity
from infra.local.host.events import LIVE, stamp, text
from infra.local.host.instances import Instance

# gRPC clients take 4 MB at most; one instance is never larger than three payloads of 900 KB.
_PAGE_BYTES = 1024 * 1024
_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Filter:
    """Which instances; times in seconds, `from` inclusive, `to` exclusive, empty means any."""

    statuses: tuple[int, ...] = ()
    created_from: float | None = None
    created_to: float | None = None
    completed_from: float | None = None
    completed_to: float | None = None
    prefix: str = ""

    def sql(self) -> tuple[str, list[object]]:
        """A condition and its values."""
        parts: list[str] = ["1"]
        values: list[object] = []
        if self.statuses:
            parts.append(f"status IN ({', '.join('?' * len(self.statuses))})")
            values.extend(self.statuses)
        for column, operator, value in (
            ("created_at", ">=", self.created_from),
            ("created_at", "<", self.created_to),
            ("completed_at", ">=", self.completed_from),
            ("completed_at", "<", self.completed_to),
        ):
            if value is not None:
                parts.append(f"{column} {operator} ?")
                values.append(value)
        if self.prefix:
            parts.append("substr(id, 1, ?) = ?")
            values += [len(self.prefix), self.prefix]
        return " AND ".join(parts), values


def instances_page(
    engine: Engine, wanted: Filter, size: int, token: str | None
) -> tuple[list[Instance], str | None]:
    """Instances in the order of their creation, and the token of the next page if there is one."""
    condition, values = wanted.sql()
    after = int(token) if token and re.fullmatch(r"[0-9]{1,18}", token) else 0
    size = size if 0 < size <= _PAGE else _PAGE
    with engine.reading() as db:
        found = instances.select(
            db, f"{condition} AND key > ? ORDER BY key LIMIT ?", *values, after, size + 1
        )
    page: list[Instance] = []
    room = _PAGE_BYTES
    for each in found[:size]:
        room -= sum(len(payload or "") for payload in (each.input, each.output, each.custom_status)) + 200
        if page and room < 0:
            break
        page.append(each)
    return page, str(page[-1].key) if len(page) < len(found) else None


def finished_ids(
    engine: Engine, wanted: Filter, size: int, token: str | None
) -> tuple[list[str], str | None]:
    """Ids of finished instances in the order of their completion, and the token of the next page."""
    condition, values = wanted.sql()
    at, key = json.loads(token) if token else (0, 0)
    with engine.reading() as db:
        found = instances.select(
            db,
            f"{condition} AND status NOT IN {LIVE} AND (completed_at, key) > (?, ?)"
            " ORDER BY completed_at, key LIMIT ?",
            *values,
            at,
            key,
            size + 1,
        )
    page = found[:size]
    more = len(found) > size
    return [each.id for each in page], json.dumps([page[-1].completed_at, page[-1].key]) if more else None


def purge_ids(engine: Engine, ids: list[str], *, recursive: bool) -> int:
    """Delete finished instances, and entities at rest, by id."""
    count = 0
    for each in ids:
        with engine.transaction() as tx:
            if each.startswith("@"):
                count += tx.db.execute(
                    "DELETE FROM entities WHERE id = ? AND section IS NULL", (each,)
                ).rowcount
                continue
            instance = instances.by_id(tx.db, each)
            count += 0 if instance is None else instances.purge(tx, instance, recursive=recursive)
    return count


def purge_matching(engine: Engine, wanted: Filter, *, recursive: bool) -> int:
    """Delete every finished instance that matches; how many went."""
    condition, values = wanted.sql()
    with engine.reading() as db:
        ids = [each.id for each in instances.select(db, f"{condition} AND status NOT IN {LIVE}", *values)]
    return purge_ids(engine, ids, recursive=recursive)


def entity(engine: Engine, entity_id: str) -> Entity | None:
    """An entity that has a state; one that deleted its state is none."""
    with engine.reading() as db:
        return next(iter(entities.select(db, "e.id = ? AND e.state IS NOT NULL", entity_id)), None)


def entities_page(
    engine: Engine,
    *,
    prefix: str = "",
    modified_from: float | None = None,
    modified_to: float | None = None,
    transient: bool = False,
    size: int = 0,
    token: str | None = None,
) -> tuple[list[Entity], str | None]:
    """Entities in the order of their ids, with `transient` also those without a state."""
    size = size if 0 < size <= _PAGE else _PAGE
    with engine.reading() as db:
        found = entities.select(
            db,
            "substr(e.id, 1, ?) = ? AND e.id > ? AND (? OR e.state IS NOT NULL)"
            " AND e.modified_at >= ? AND e.modified_at < ? ORDER BY e.id LIMIT ?",
            len(prefix),
            prefix,
            token or "",
            transient,
            modified_from or 0,
            modified_to if modified_to is not None else float("inf"),
            size + 1,
        )
    return found[:size], found[size - 1].id if len(found) > size else None


def entity_metadata(found: Entity, *, with_state: bool) -> pb.EntityMetadata:
    return pb.EntityMetadata(
        instanceId=found.id,
        lastModifiedTime=stamp(found.modified_at),
        backlogQueueSize=found.backlog,
        lockedBy=text(found.locked_by),
        serializedState=text(found.state) if with_state else None,
    )


def instance_state(instance: Instance, *, payloads: bool) -> pb.OrchestrationState:
    """An instance as gRPC clients see it."""
    return pb.OrchestrationState(
        instanceId=instance.id,
        name=instance.name,
        version=text(instance.version),
        orchestrationStatus=instance.status,  # pyright: ignore[reportArgumentType] - the stubs want the enum, rows hold its number
        scheduledStartTimestamp=None if instance.start_at is None else stamp(instance.start_at),
        createdTimestamp=stamp(instance.created_at),
        lastUpdatedTimestamp=stamp(instance.updated_at),
        completedTimestamp=None if instance.completed_at is None else stamp(instance.completed_at),
        input=text(instance.input) if payloads else None,
        output=text(instance.output) if payloads else None,
        customStatus=text(instance.custom_status),
        failureDetails=instance.failure_details,
        tags=json.loads(instance.tags) if instance.tags else None,
    )
