"""The services of this folder, in the order in which their worlds are planted."""

from infra.local.azure.core.service import Service
from infra.local.azure.services.security import (
    activity_log,
    authorization,
    cosmos_keys,
    defender,
    graph,
    intruder,
    keys,
    network_groups,
    registry,
    search_keys,
    storage_keys,
)

# After the vaults, whose secrets the keys are put into.
SERVICES: tuple[Service, ...] = (
    network_groups.service,
    authorization.service,
    graph.service,
    keys.service,
    cosmos_keys.service,
    search_keys.service,
    storage_keys.service,
    registry.service,
    defender.service,
    intruder.service,
    activity_log.service,
)
