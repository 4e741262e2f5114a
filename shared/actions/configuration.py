"""Reads the configuration of everything that services consist of, and of what could be left behind beside it."""

import json
from collections.abc import Iterator
from typing import Any, cast

from shared.actions.action import Call
from shared.actions.key_vault.recover_key_vault import vault_url
from shared.actions.search.load_search_snapshot import search_url
from shared.errors import CheckFailed
from shared.gateways.resource_id import parts
from shared.model.estate import AiSearch, ContainerApp, KeyVault, MlWorkspace, OpenAi, Service, TrafficRoute
from shared.model.wire import Wire
from shared.planners.fingerprint import normalised

VERSIONS = {
    "microsoft.app": "2025-07-01",
    "microsoft.cognitiveservices": "2024-10-01",
    "microsoft.documentdb": "2024-11-15",
    "microsoft.keyvault": "2023-07-01",
    "microsoft.machinelearningservices": "2024-10-01",
    "microsoft.network/dnszones": "2018-05-01",
    "microsoft.network/trafficmanagerprofiles": "2022-04-01",
    "microsoft.search": "2025-05-01",
    "microsoft.storage": "2024-01-01",
}
"""The API version that a provider, or one of its types, is read with."""

ROLES, LOCKS = "Microsoft.Authorization/roleAssignments", "Microsoft.Authorization/locks"


def configuration(services: tuple[Service, ...], call: Call) -> dict[str, Wire]:
    """What Azure holds now, by what people call it; volatile things are left out.

    Secrets of a recovery vault are not part of it: a recovery that finds one deleted repairs that, for good.
    """
    found: dict[str, Wire] = {}
    groups: set[str] = set()
    for service in services:
        for resource_id in _resources(service):
            document = call.azure.arm(_version(resource_id)).get("get resource", resource_id)
            found[_called(resource_id)] = {} if document is None else normalised(document)
            subscription, group = parts(resource_id)[:2]
            groups.add(f"/subscriptions/{subscription}/resourceGroups/{group}")
        found |= dict(_inside(service, call))
    for group in sorted(groups, key=str.lower):
        found |= dict(_beside(group, call))
    return found


def _resources(service: Service) -> Iterator[str]:
    """Every resource that the service consists of, in both regions."""
    yield service.resource_id
    match service:
        case ContainerApp():
            yield service.recovery_resource_id
            yield service.recovery_environment_id
        case AiSearch() | KeyVault() | OpenAi() | MlWorkspace():
            yield service.recovery_resource_id
        case TrafficRoute():
            yield service.zone_id
        case _:
            pass


def _inside(service: Service, call: Call) -> Iterator[tuple[str, Wire]]:
    """What a service holds that is no resource of its own."""
    match service:
        case AiSearch():
            for resource_id in (service.resource_id, service.recovery_resource_id):
                endpoint, search = search_url(resource_id), call.azure.search
                yield (
                    f"content of {_called(resource_id)}",
                    {
                        "indexes": sorted(search.index_names(endpoint)),
                        "indexers": sorted(search.indexer_names(endpoint)),
                        "data sources": sorted(search.data_source_names(endpoint)),
                        "alias": {service.alias: search.alias(endpoint, service.alias) or "leads nowhere"},
                    },
                )
        case KeyVault():
            secrets = call.azure.key_vault.secrets(vault_url(service.resource_id))
            enabled = {secret.name: "enabled" if secret.enabled else "disabled" for secret in secrets}
            yield f"secrets of {_called(service.resource_id)}", enabled
        case TrafficRoute():
            zone = service.zone_id
            for record in call.azure.arm(_version(zone)).listed("list DNS records", f"{zone}/recordsets"):
                kind = str(record.get("type", "")).rsplit("/", 1)[-1]
                name = f"{kind} {record.get('name')} in {_called(zone)}"
                yield f"DNS record {name}", cast("Wire", normalised(record.get("properties") or {}))
        case _:
            pass


def _beside(group: str, call: Call) -> Iterator[tuple[str, Wire]]:
    """What could be left behind in a resource group: resources, deployments, role assignments, locks."""
    name = group.rsplit("/", 1)[-1]
    rows = call.azure.arm("2021-04-01").listed("list resources", f"{group}/resources")
    yield f"resources in {name}", {_called(str(row["id"])): "there" for row in rows}
    yield f"deployments in {name}", dict.fromkeys(call.azure.deployments.names(name), "there")
    for kind, version in ((ROLES, "2022-04-01"), (LOCKS, "2020-05-01")):
        rows = call.azure.arm(version).listed(f"list {kind}", f"{group}/providers/{kind}")
        held = {str(row["name"]): _held(row) for row in rows}
        yield f"{kind.rsplit('/', 1)[-1]} in {name}", held


def _held(row: Wire) -> Wire:
    about: dict[str, Any] = row.get("properties") or {}
    kept = ("principalId", "roleDefinitionId", "scope", "condition", "level")
    return {key: about[key] for key in kept if about.get(key)}


def _version(resource_id: str) -> str:
    where = parts(resource_id)
    provider = where.provider.lower()
    return VERSIONS.get(f"{provider}/{where.type.lower()}") or VERSIONS[provider]


def _called(resource_id: str) -> str:
    """`containerApps ca-agent-service in rg-fas-japanwest`."""
    after = resource_id.rsplit("/providers/", 1)[-1].split("/")
    group = resource_id.split("/resourceGroups/", 1)[-1].split("/", 1)[0]
    return f"{after[-2]} {after[-1]} in {group}" if len(after) > 2 else resource_id


# --- what was kept of it


def kept_at(call: Call, name: str) -> str:
    """Where a run keeps a fingerprint among its evidence."""
    return f"{call.run_id}/fingerprint-{name}.json"


def keep(call: Call, name: str, found: dict[str, Wire]) -> str:
    """Keep a configuration as evidence of the run; returns the blob's name."""
    platform, path = call.estate.platform, kept_at(call, name)
    content = json.dumps(found, indent=2, sort_keys=True).encode()
    call.azure.blobs.write(
        platform.records_account_url, platform.records_container, path, content, "application/json"
    )
    return path


def kept(call: Call, name: str) -> dict[str, Wire] | None:
    """What was kept under that name, or None."""
    platform = call.estate.platform
    content = call.azure.blobs.read(
        platform.records_account_url, platform.records_container, kept_at(call, name)
    )
    if content is None:
        return None
    try:
        return cast("dict[str, Wire]", json.loads(content))
    except ValueError as error:
        raise CheckFailed(f"{kept_at(call, name)} is no fingerprint: {error}") from error
