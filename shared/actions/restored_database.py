"""Restores a Cosmos DB account beside the corrupted one, and takes over what was written later and can prove itself."""

import uuid
from typing import Any

from shared.actions.action import Call
from shared.actions.isolation import AccountRoles, isolation_of, roles_of
from shared.actions.restoration import Restoration
from shared.errors import CheckFailed
from shared.gateways.cosmos_documents import BATCH, Container
from shared.gateways.cosmos_restore import Restorable, endpoint_of
from shared.gateways.cosmos_roles import DATA_CONTRIBUTOR, RoleAssignment
from shared.model.estate import CosmosDb
from shared.model.outcome import Finding, Outcome, Pending
from shared.model.severity import Severity
from shared.planners.integrity import digest, proves_itself

PAGES = 20
"""Pages of documents that are taken over in one activity, which must end within a minute."""


def restore_database(service: CosmosDb, wanted: Restoration, call: Call) -> Outcome | Pending:
    """One call of the restore: the account or its deleted containers first, then roles, then later documents."""
    if call.operation_running():
        return call.waiting_for(None, f"{service.name}: the restore to {wanted.good_at.isoformat()} goes on")
    if wanted.route == "deleted_containers":
        return _containers(service, wanted, call)
    state = call.azure.cosmos_restore.state(wanted.account_id)
    if state is None:
        source = _source(service, wanted, call)
        tags = {"restored-from": service.resource_id.rsplit("/", 1)[-1], "restored-by": call.run_id}
        region = call.azure.cosmos.account(service.resource_id).write_region
        operation = call.azure.cosmos_restore.restore_account(
            wanted.account_id, source, region, wanted.good_at, tags
        )
        return call.waiting_for(
            operation, f"{service.name}: restore to {wanted.good_at.isoformat()} has begun"
        )
    if state.lower() != "succeeded":
        return call.waiting_for(None, f"{service.name}: the restored account is {state}")
    if (pending := _roles(service, wanted, call)) is not None:
        return pending
    only_expected = call.azure.cosmos_restore.is_only_expected(wanted.account_id)
    if service.hash_field is not None and not only_expected:
        pending = _later_documents(service, wanted, call)
        if pending is not None:
            return pending
    kept, dropped = int(call.progress.get("kept", 0)), int(call.progress.get("dropped", 0))
    name = wanted.account_id.rsplit("/", 1)[-1]
    later = (
        "which later documents are taken over is only known when it is there and nobody writes any more"
        if only_expected
        else f"{kept} later documents that prove themselves were taken over, {dropped} that do not were left"
    )
    return Outcome(
        summary=f"{service.name} is restored to {wanted.good_at.isoformat()} in {name}; {later}",
        changed=call.begun,
        findings=tuple(_follow_ups(service, wanted)),
        evidence={
            **wanted.to_wire(),
            "endpoint": endpoint_of(wanted.account_id),
            "kept": kept,
            "dropped": dropped,
        },
    )


def _source(service: CosmosDb, wanted: Restoration, call: Call) -> Restorable:
    source = call.azure.cosmos_restore.restorable(service.resource_id, service.region)
    if source is None:
        raise CheckFailed(f"{service.name} has no continuous backup, so it cannot be restored to a moment")
    if wanted.good_at < source.oldest:
        raise CheckFailed(
            f"{service.name} can be restored to no moment before {source.oldest.isoformat()}, and"
            f" {wanted.good_at.isoformat()} was asked for: start again with a later good_at"
        )
    return source


def _containers(service: CosmosDb, wanted: Restoration, call: Call) -> Outcome | Pending:
    there = call.azure.cosmos_restore.containers(service.resource_id, service.database)
    for name in wanted.containers:
        if name not in there:
            source = _source(service, wanted, call)
            operation = call.azure.cosmos_restore.restore_container(
                service.resource_id, service.database, name, source, wanted.good_at
            )
            return call.waiting_for(operation, f"{service.name}: container {name} is being brought back")
    return Outcome(
        summary=f"{service.name}: {', '.join(wanted.containers)} brought back as of {wanted.good_at.isoformat()}",
        changed=call.begun,
        evidence=wanted.to_wire(),
    )


def temporary(account_id: str, principal: str) -> RoleAssignment:
    """The role by which this app writes later documents into the restored account, until work is resumed."""
    name = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{account_id}/{principal}/restore"))
    return RoleAssignment(name=name, principal=principal, role=DATA_CONTRIBUTOR)


def _roles(service: CosmosDb, wanted: Restoration, call: Call) -> Pending | None:
    """Give the restored account the roles of all who only read, and ourselves one to write: it comes with none."""
    taken = isolation_of(call)
    accounts = taken.accounts if taken is not None else ()
    before = next((one for one in accounts if one.account_id == service.resource_id), None)
    before = before or roles_of(service.resource_id, call)
    own = call.azure.connection.principal
    if not own:
        raise CheckFailed(
            "this app's token does not say who it is, so it cannot give itself a role to restore with"
        )
    given = tuple(one for one in before.assignments if not before.writes(one))
    return give(wanted.account_id, before, (*given, temporary(wanted.account_id, own)), call)


def give(
    account_id: str, before: AccountRoles, assignments: tuple[RoleAssignment, ...], call: Call
) -> Pending | None:
    """Begin to give the first of the roles that is missing; None when all are there."""
    needed = {assignment.role for assignment in assignments}
    known = {role.name for role in call.azure.cosmos_roles.definitions(account_id)}
    for role in before.definitions:
        if role.name in needed - known and not role.built_in:
            operation = call.azure.cosmos_roles.define(account_id, role)
            return call.waiting_for(operation, f"role {role.role_name} is being defined")
    there = {one.name for one in call.azure.cosmos_roles.assignments(account_id)}
    for assignment in assignments:
        if assignment.name not in there:
            operation = call.azure.cosmos_roles.give(account_id, assignment)
            return call.waiting_for(operation, f"a role is given to {assignment.principal}")
    return None


def _later_documents(service: CosmosDb, wanted: Restoration, call: Call) -> Pending | None:
    """Copy what was written after the restore point and matches its hash and its tenant; None when all is done."""
    places = [(name, tenant.name) for name in service.containers for tenant in call.estate.tenants]
    place, start = int(call.progress.get("place", 0)), call.progress.get("continuation")
    kept, dropped = int(call.progress.get("kept", 0)), int(call.progress.get("dropped", 0))
    there = call.azure.cosmos_restore.containers(service.resource_id, service.database)
    for _ in range(PAGES):
        if place >= len(places):
            call.progress.update(place=place, continuation=None, kept=kept, dropped=dropped)
            return None
        name, tenant = places[place]
        if name not in there:
            place, start = place + 1, None
            continue
        page = call.azure.documents.query(
            Container(endpoint_of(service.resource_id), service.database, name),
            "SELECT * FROM c WHERE c._ts >= @since ORDER BY c._ts",
            tenant,
            {"since": int(wanted.good_at.timestamp())},
            continuation=start,
            page=BATCH,
        )
        good = [one for one in page.rows if _is_good(one, service, tenant)]
        target = Container(endpoint_of(wanted.account_id), service.database, name)
        kept += _take_over(target, tenant, good, call)
        dropped += len(page.rows) - len(good)
        place, start = (place, page.continuation) if page.continuation else (place + 1, None)
    return call.waiting_for(
        None,
        f"{service.name}: {kept} later documents taken over so far",
        retry_after=0,
        place=place,
        continuation=start,
        kept=kept,
        dropped=dropped,
    )


def _is_good(document: dict[str, Any], service: CosmosDb, tenant: str) -> bool:
    right = service.tenant_field is None or document.get(service.tenant_field) == tenant
    return right and proves_itself(document, service.hash_field)


def _take_over(target: Container, tenant: str, documents: list[dict[str, Any]], call: Call) -> int:
    """Write those that the restored container does not have; returns how many that were."""
    if not documents:
        return 0
    ids = [document["id"] for document in documents]
    text = "SELECT * FROM c WHERE ARRAY_CONTAINS(@ids, c.id)"
    present = {
        row["id"]: digest(row) for row in call.azure.documents.every(target, text, tenant, {"ids": ids})
    }
    missing = [
        {name: value for name, value in document.items() if not name.startswith("_")}
        for document in documents
        if present.get(document["id"]) != digest(document)
    ]
    if missing:
        call.azure.documents.upsert_all(target, tenant, missing)
    return len(missing)


def _follow_ups(service: CosmosDb, wanted: Restoration) -> list[Finding]:
    name = wanted.account_id.rsplit("/", 1)[-1]
    told = (
        (
            f"{service.name} is now {name}",
            f"put resource_id: {wanted.account_id} into the estate file, and point search data sources there",
        ),
        (
            f"{name} stands in one region only",
            f"add {service.recovery_region} to the account, so that it can fail over again",
        ),
        (
            f"{service.resource_id.rsplit('/', 1)[-1]} is kept as it was corrupted",
            "delete it when the investigation is over; nobody can write to it",
        ),
    )
    return [
        Finding(
            check="restore_from_backup",
            resource=wanted.account_id,
            severity=Severity.MEDIUM,
            title=title,
            recommendation=advice,
        )
        for title, advice in told
    ]
