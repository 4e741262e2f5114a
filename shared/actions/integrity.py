"""Looks at data: makes manifests of what is there, and says what is wrong with it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from shared.actions.action import Call
from shared.gateways.cosmos_documents import Container
from shared.gateways.cosmos_restore import endpoint_of
from shared.model.estate import CosmosDb, KeyVault, Storage
from shared.planners.integrity import (
    Files,
    Manifest,
    Partition,
    count_problem,
    digest,
    files_problems,
    folder_counts,
    newest_before,
    proves_itself,
    sample_problem,
    spread,
)

type DataService = CosmosDb | Storage | KeyVault

SAMPLES = 8
"""Documents of each partition that a manifest remembers, evenly over the time of their writing."""
FILE_SAMPLES = 200
NEWEST = 50
"""Documents of each partition that were written last, which must prove themselves: damage is recent."""
STRANGERS = 5


def manifests(service: DataService, call: Call) -> tuple[str, ...]:
    """Names of the manifests of a service."""
    platform = call.estate.platform
    prefix = f"integrity/{service.name}/"
    return call.azure.blobs.names(platform.records_account_url, platform.records_container, prefix)


def last_good(service: DataService, call: Call, moment: datetime | None) -> Manifest | None:
    """The newest manifest that was taken no later than that moment."""
    name = newest_before(manifests(service, call), moment)
    platform = call.estate.platform
    if name is None:
        return None
    found = call.azure.blobs.read(platform.records_account_url, platform.records_container, name)
    return None if found is None else Manifest.model_validate_json(found)


def manifest_of(service: DataService, call: Call) -> Manifest:
    """What is there now. Documents are dated by Azure's own clock: as of the newest one."""
    match service:
        case CosmosDb():
            documents = {
                name: {
                    tenant.name: _partition(container, tenant.name, call) for tenant in call.estate.tenants
                }
                for name, container in _containers(service, service.resource_id).items()
            }
            newest = max(
                (one.newest for partitions in documents.values() for one in partitions.values()), default=0
            )
            taken_at = datetime.fromtimestamp(newest, UTC)
            return Manifest(service=service.name, taken_at=taken_at, documents=documents)
        case Storage():
            files = {name: _files(_listed(service, name, call) or {}) for name in service.containers}
            return Manifest(service=service.name, taken_at=call.now, files=files)
        case KeyVault():
            there = call.azure.key_vault.secrets(vault_url(service))
            names = tuple(sorted(secret.name for secret in there if secret.enabled))
            return Manifest(service=service.name, taken_at=call.now, secrets=names)


def problems(
    service: DataService,
    manifest: Manifest | None,
    call: Call,
    *,
    account_id: str | None = None,
    only: tuple[str, ...] | None = None,
) -> dict[str, list[str]]:
    """What is wrong, by container (a vault's secrets under their names); without a manifest as far as one can tell.

    `account_id`: the account to look at in place of the service's own; `only`: the containers to look at.
    """
    found: dict[str, list[str]] = {}
    match service:
        case CosmosDb():
            account_id = account_id or service.resource_id
            there = call.azure.cosmos_restore.containers(account_id, service.database)
            for name, container in _containers(service, account_id).items():
                if only is not None and name not in only:
                    continue
                known = manifest.documents.get(name, {}) if manifest else {}
                found[name] = (
                    list(_document_problems(service, container, known, call))
                    if name in there
                    else [f"container {name} is gone"]
                )
        case Storage():
            for name in service.containers if only is None else only:
                files = _listed(service, name, call)
                known = manifest.files.get(name, Files()) if manifest else Files()
                found[name] = [f"container {name} is gone"] if files is None else []
                found[name] += files_problems(name, known, files or {})
        case KeyVault():
            there = {secret.name: secret for secret in call.azure.key_vault.secrets(vault_url(service))}
            for name in sorted({*service.secrets, *(manifest.secrets if manifest else ())}):
                if name not in there:
                    found[name] = [f"secret {name} is gone"]
                elif not there[name].enabled:
                    found[name] = [f"secret {name} is disabled"]
    return {name: said for name, said in found.items() if said}


def _containers(service: CosmosDb, account_id: str) -> dict[str, Container]:
    endpoint = endpoint_of(account_id)
    return {name: Container(endpoint, service.database, name) for name in service.containers}


def _partition(container: Container, tenant: str, call: Call) -> Partition:
    """Count first, then look for the newest: so that what was counted is no younger than it."""
    count = _number(container, "SELECT VALUE COUNT(1) FROM c", tenant, call)
    newest = _rows(container, "SELECT TOP 1 * FROM c ORDER BY c._ts DESC", tenant, call)
    oldest = _rows(
        container, "SELECT TOP 1 * FROM c WHERE c._ts >= @since ORDER BY c._ts", tenant, call, {"since": 0}
    )
    if not newest or not oldest:
        return Partition(count=count)
    first, last = int(oldest[0]["_ts"]), int(newest[0]["_ts"])
    samples = {str(one["id"]): digest(one) for one in (*oldest, *newest)}
    for place in range(1, SAMPLES - 1):
        since = first + (last - first) * place // (SAMPLES - 1)
        text = "SELECT TOP 1 * FROM c WHERE c._ts >= @since ORDER BY c._ts"
        samples |= {
            str(one["id"]): digest(one) for one in _rows(container, text, tenant, call, {"since": since})
        }
    return Partition(count=count, newest=last, samples=samples)


def _document_problems(
    service: CosmosDb, container: Container, known: dict[str, Partition], call: Call
) -> Iterator[str]:
    tenants = [tenant.name for tenant in call.estate.tenants]
    text = (
        f"SELECT TOP {STRANGERS} c.id, c.{service.partition_key} FROM c "  # noqa: S608 - names of the estate file
        f"WHERE NOT ARRAY_CONTAINS(@tenants, c.{service.partition_key})"
    )
    strangers = _rows(container, text, None, call, {"tenants": tenants})
    if strangers:
        names = ", ".join(sorted({str(one[service.partition_key]) for one in strangers}))
        yield f"{container.name}: documents of no tenant of the estate: {names}"
    for tenant in tenants:
        where = f"{container.name} of {tenant}"
        before = known.get(tenant)
        if before is not None:
            found = _number(container, "SELECT VALUE COUNT(1) FROM c", tenant, call)
            yield from count_problem(f"documents of {where}", before.count, found)
            for key, sample in before.samples.items():
                document = call.azure.documents.read(container, key, tenant)
                yield from sample_problem(f"{where}: {key}", sample, document, service.hash_field)
        if service.tenant_field is not None:
            text = f"SELECT VALUE COUNT(1) FROM c WHERE c.{service.tenant_field} != @tenant"  # noqa: S608 - as above
            astray = _number(container, text, tenant, call, {"tenant": tenant})
            if astray:
                yield f"{where}: {astray} documents belong to another tenant"
        if service.hash_field is not None:
            newest = _rows(container, f"SELECT TOP {NEWEST} * FROM c ORDER BY c._ts DESC", tenant, call)  # noqa: S608
            bad = [str(one["id"]) for one in newest if not proves_itself(one, service.hash_field)]
            if bad:
                yield f"{where}: {len(bad)} of the newest {len(newest)} do not match their hash, such as {bad[0]}"


type Given = dict[str, object]


def _rows(
    container: Container, text: str, tenant: str | None, call: Call, given: Given | None = None
) -> tuple[Any, ...]:
    return call.azure.documents.query(container, text, tenant, given).rows


def _number(container: Container, text: str, tenant: str, call: Call, given: Given | None = None) -> int:
    # Cosmos DB may answer an aggregate in parts.
    return sum(int(one) for one in call.azure.documents.every(container, text, tenant, given))


def _listed(service: Storage, container: str, call: Call) -> dict[str, str] | None:
    files = call.azure.files.all(blob_url(service), container)
    return None if files is None else {file.name: file.md5 for file in files}


def _files(listed: dict[str, str]) -> Files:
    samples = dict(spread(tuple(sorted(listed.items())), FILE_SAMPLES))
    return Files(counts=folder_counts(listed), samples=samples)


def blob_url(service: Storage) -> str:
    """The data plane's address of a storage account."""
    return f"https://{service.resource_id.rsplit('/', 1)[-1]}.blob.core.windows.net"


def vault_url(service: KeyVault) -> str:
    """The data plane's address of a vault."""
    return f"https://{service.resource_id.rsplit('/', 1)[-1]}.vault.azure.net"
