"""Whether resource ids say what the estate says of them: the subscription, and the type of resource."""

import re
from collections.abc import Iterator

from shared.estate.document import Path
from shared.model.estate import Estate

_ID = re.compile(r"/subscriptions/([^/]+)/resourcegroups/[^/]+/providers/([^/]+/[^/]+)/[^/]+", re.IGNORECASE)

_TYPES = {
    "cosmos_db": "Microsoft.DocumentDB/databaseAccounts",
    "ai_search": "Microsoft.Search/searchServices",
    "container_app": "Microsoft.App/containerApps",
    "storage": "Microsoft.Storage/storageAccounts",
    "key_vault": "Microsoft.KeyVault/vaults",
    "traffic_route": "Microsoft.Network/trafficManagerProfiles",
    "open_ai": "Microsoft.CognitiveServices/accounts",
    "ml_workspace": "Microsoft.MachineLearningServices/workspaces",
}
_OTHER_TYPES = {
    "recovery_environment_id": "Microsoft.App/managedEnvironments",
    "zone_id": "Microsoft.Network/dnsZones",
}
_FIELDS = ("resource_id", "recovery_resource_id", *_OTHER_TYPES)


def check_resources(estate: Estate) -> Iterator[tuple[Path, str]]:
    """Ids that lead somewhere else; a disaster is the wrong time to find out."""
    for i, service in enumerate(estate.services):
        for field in _FIELDS:
            resource_id: str | None = getattr(service, field, None)
            if resource_id is None:
                continue
            wanted = _OTHER_TYPES.get(field, _TYPES[service.kind])
            if message := wrong_resource(resource_id, estate.subscription_id, wanted):
                yield ("services", i, field), message
        for j, cache in enumerate(getattr(service, "caches", ())):
            if message := wrong_resource(cache, estate.subscription_id, "Microsoft.Cache/redis"):
                yield ("services", i, "caches", j), message
        if service.resource_id.lower() == getattr(service, "recovery_resource_id", "").lower():
            message = "is the resource that is to be recovered; name its sibling in the recovery region"
            yield ("services", i, "recovery_resource_id"), message


def wrong_resource(resource_id: str, subscription: str, wanted: str) -> str | None:
    """What is wrong with an id that should lead to a resource of that type in that subscription, or None."""
    parts = _ID.fullmatch(resource_id)
    if parts is None:
        return f"is no resource id; write /subscriptions/.../resourceGroups/<group>/providers/{wanted}/<name>"
    if parts[1].lower() != subscription.lower():
        return f"is in subscription {parts[1]}, the estate in {subscription}; correct one of them"
    return None if parts[2].lower() == wanted.lower() else f"is a {parts[2]}; this must be a {wanted}"
