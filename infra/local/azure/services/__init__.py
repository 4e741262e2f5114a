"""The services of the simulated Azure, in the order in which their routes are tried."""

from infra.local.azure.core import operations
from infra.local.azure.core.service import Service
from infra.local.azure.services import (
    blobs,
    corruption,
    costs,
    data_lake,
    generic,
    health,
    key_vault,
    mail,
    ml_quota,
    permissions,
    redis,
    regional,
    resource_health,
    search,
    storage,
    storage_restore,
    tenant_gate,
    traffic,
)
from infra.local.azure.services.alerts import SERVICES as ALERTS
from infra.local.azure.services.container_apps import environments as container_apps_environments
from infra.local.azure.services.container_apps import revisions as container_apps_revisions
from infra.local.azure.services.container_apps import routes as container_apps
from infra.local.azure.services.cosmos import accounts as cosmos_accounts
from infra.local.azure.services.cosmos import containers as cosmos_containers
from infra.local.azure.services.cosmos import data as cosmos_data
from infra.local.azure.services.cosmos import documents as cosmos_documents
from infra.local.azure.services.cosmos import failover as cosmos_failover
from infra.local.azure.services.cosmos import restore as cosmos_restore
from infra.local.azure.services.cosmos import roles as cosmos_roles
from infra.local.azure.services.deployments import routes as deployments
from infra.local.azure.services.desks import SERVICES as DESKS
from infra.local.azure.services.landing_zone import service as landing_zone
from infra.local.azure.services.machine_learning import SERVICES as MACHINE_LEARNING
from infra.local.azure.services.network import dns_zones, resolvers, traffic_manager
from infra.local.azure.services.open_ai import SERVICES as OPEN_AI
from infra.local.azure.services.security.together import SERVICES as SECURITY
from infra.local.azure.services.telemetry import SERVICES as TELEMETRY

# A service is one file (or folder) here and one entry below. `generic` takes the ARM calls that no other
# service knows, `health` the hosts; clockwork of one moment runs in this order: probes before traffic.
SERVICES: tuple[Service, ...] = (
    operations.service,
    mail.service,
    data_lake.service,
    blobs.service,
    container_apps.service,
    container_apps_revisions.service,
    container_apps_environments.service,
    cosmos_restore.service,
    cosmos_accounts.service,
    cosmos_containers.service,
    cosmos_data.service,
    cosmos_failover.service,
    cosmos_roles.service,
    cosmos_documents.service,
    deployments.service,
    storage.service,
    traffic_manager.service,
    dns_zones.service,
    resolvers.service,
    resource_health.service,
    regional.service,
    permissions.service,
    redis.service,
    ml_quota.service,
    tenant_gate.service,
    search.service,
    key_vault.service,
    storage_restore.service,
    corruption.service,
    *SECURITY,
    traffic.service,
    *OPEN_AI,
    *MACHINE_LEARNING,
    landing_zone,
    *TELEMETRY,
    *DESKS,
    *ALERTS,
    costs.service,
    generic.service,
    health.service,
)
