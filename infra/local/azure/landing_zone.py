"""The AI landing zone of the sample estate as Azure holds it: East US 2, with West US 2 standing by."""

from infra.local.azure.contoso import group_id, resource_id
from infra.local.azure.core.clock import iso
from infra.local.azure.core.store import Json

EAST, WEST, GLOBAL = "rg-prod-eus2-ai-01", "rg-prod-wus2-ai-01", "rg-prod-global-ai-01"
OPENAI = "Microsoft.CognitiveServices/accounts"
WORKSPACES = "Microsoft.MachineLearningServices/workspaces"
ACCOUNTS = {"eastus2": "aoai-prod-eus2-ai-01", "westus2": "aoai-prod-wus2-ai-01"}
WORKSPACE_NAMES = {"eastus2": "aml-prod-eus2-ai-01", "westus2": "aml-prod-wus2-ai-01"}
GROUPS = {"eastus2": EAST, "westus2": WEST}
DATA_LAKE = "stprodeus2aidatalake"
INFERENCE = "ml-inference.contoso.com"
# Deployment -> (model, version, thousands of tokens per minute).
DEPLOYMENTS = {
    "gpt-4": ("gpt-4", "turbo-2024-04-09", 80),
    "gpt-35-turbo": ("gpt-35-turbo", "0125", 120),
}
# Models that may be deployed, and how many thousands of tokens per minute each region's quota allows.
MODELS = (("gpt-4", "turbo-2024-04-09"), ("gpt-35-turbo", "0125"), ("gpt-4o", "2024-08-06"))
QUOTAS = {
    "eastus2": {"gpt-4": 150, "gpt-35-turbo": 240, "gpt-4o": 100},
    "westus2": {"gpt-4": 100, "gpt-35-turbo": 240, "gpt-4o": 100},
}
# Cluster -> (size, nodes at most); in the standby region none may start until it is activated.
CLUSTERS = {"cpu-cluster-01": ("Standard_D4s_v5", 8), "gpu-cluster-01": ("Standard_NC24ads_A100_v4", 4)}


def gateway(region: str) -> str:
    """Return the address of a region's inference cluster, which calls the models of its own region."""
    return f"aks-prod-ai-inference.{region}.cloudapp.azure.com"


def _resource(
    group: str, parts: tuple[str, ...], location: str | None, properties: Json, **more: object
) -> Json:
    resource: Json = {
        "id": resource_id(group, *parts),
        "name": parts[-1],
        "type": "/".join(parts[::2]),
        **more,
        "properties": {"provisioningState": "Succeeded", **properties},
    }
    return {**resource, "location": location, "tags": {"env": "prod"}} if location else resource


def resources(now: float) -> list[Json]:
    """Return every ARM document of the landing zone."""
    groups = [(EAST, "eastus2"), (WEST, "westus2"), (GLOBAL, "westus2")]
    rows: list[Json] = [
        {
            "id": group_id(name),
            "name": name,
            "type": "Microsoft.Resources/resourceGroups",
            "location": location,
            "properties": {"provisioningState": "Succeeded"},
        }
        for name, location in groups
    ]
    for region in ("eastus2", "westus2"):
        rows += [*_models(region), *_workspace(region), _cluster(region)]
    return [*rows, _data_lake(now), _kept(), *_network()]


def _models(region: str) -> list[Json]:
    account = (OPENAI, ACCOUNTS[region])
    properties: Json = {
        "customSubDomainName": ACCOUNTS[region],
        "endpoint": f"https://{ACCOUNTS[region]}.openai.azure.com/",
        "publicNetworkAccess": "Enabled",
    }
    rows = [_resource(GROUPS[region], account, region, properties, kind="OpenAI", sku={"name": "S0"})]
    for name, (model, version, capacity) in DEPLOYMENTS.items() if region == "eastus2" else ():
        deployed: Json = {
            "model": {"format": "OpenAI", "name": model, "version": version},
            "versionUpgradeOption": "NoAutoUpgrade",
            "currentCapacity": capacity,
        }
        sku = {"name": "Standard", "capacity": capacity}
        rows.append(_resource(GROUPS[region], (*account, "deployments", name), None, deployed, sku=sku))
    return rows


def workspace_properties(region: str) -> Json:
    """Return what a workspace is bound to."""
    group = GROUPS[region]
    short = {"eastus2": "eus2", "westus2": "wus2"}[region]
    return {
        "friendlyName": f"AI landing zone {region}",
        "storageAccount": resource_id(EAST, "Microsoft.Storage/storageAccounts", DATA_LAKE),
        "keyVault": resource_id(group, "Microsoft.KeyVault/vaults", f"kv-prod-{short}-ai-01"),
        "applicationInsights": resource_id(
            group, "Microsoft.Insights/components", f"appi-prod-{short}-ai-01"
        ),
        "containerRegistry": resource_id(GLOBAL, "Microsoft.ContainerRegistry/registries", "acrprodeus2ai01"),
        "hbiWorkspace": True,
        "publicNetworkAccess": "Enabled",
    }


def _workspace(region: str) -> list[Json]:
    parts = (WORKSPACES, WORKSPACE_NAMES[region])
    bound: Json = {
        **workspace_properties(region),
        "discoveryUrl": f"https://{region}.api.azureml.ms/discovery",
    }
    identity = {"type": "SystemAssigned"}
    return [
        _resource(GROUPS[region], parts, region, bound, identity=identity, sku={"name": "Basic"}),
        *(
            {
                **_resource(
                    GROUPS[region],
                    (*parts, "computes", name),
                    None,
                    compute_properties(size, 0, nodes if region == "eastus2" else 0),
                ),
                "location": region,
            }
            for name, (size, nodes) in CLUSTERS.items()
        ),
    ]


def compute_properties(size: str, least: int, most: int) -> Json:
    """Return the properties of a compute cluster that stands still."""
    scale = {"minNodeCount": least, "maxNodeCount": most, "nodeIdleTimeBeforeScaleDown": "PT2M"}
    return {
        "computeType": "AmlCompute",
        "isAttachedCompute": False,
        "properties": {
            "vmSize": size,
            "vmPriority": "Dedicated",
            "scaleSettings": scale,
            "allocationState": "Steady",
            "currentNodeCount": least,
        },
    }


def _cluster(region: str) -> Json:
    name = f"aks-prod-{region.replace('east', 'e').replace('west', 'w')}-ai-inference"
    properties: Json = {"kubernetesVersion": "1.33.2", "powerState": {"code": "Running"}}
    return _resource(GROUPS[region], ("Microsoft.ContainerService/managedClusters", name), region, properties)


def _data_lake(now: float) -> Json:
    properties: Json = {
        "creationTime": iso(now - 300 * 86_400),
        "accessTier": "Hot",
        "supportsHttpsTrafficOnly": True,
        "allowSharedKeyAccess": False,
        "isHnsEnabled": True,
        "primaryLocation": "eastus2",
        "secondaryLocation": "centralus",
    }
    parts = ("Microsoft.Storage/storageAccounts", DATA_LAKE)
    sku = {"name": "Standard_RAGRS", "tier": "Standard"}
    return _resource(EAST, parts, "eastus2", properties, sku=sku, kind="StorageV2")


def _kept() -> Json:
    """What the lake keeps of the past: deleted files and containers for two weeks, and no points to restore to."""
    days = {"enabled": True, "days": 14}
    parts = ("Microsoft.Storage/storageAccounts", DATA_LAKE, "blobServices", "default")
    kept = {"deleteRetentionPolicy": days, "containerDeleteRetentionPolicy": days}
    return _resource(EAST, parts, None, kept)


def _network() -> list[Json]:
    profile = ("Microsoft.Network/trafficManagerProfiles", "tm-prod-ai-inference")
    zone = ("Microsoft.Network/dnsZones", "contoso.com")
    fqdn = "tm-prod-ai-inference.trafficmanager.net"
    monitor = {
        "protocol": "HTTPS",
        "port": 443,
        "path": "/health",
        "intervalInSeconds": 10,
        "timeoutInSeconds": 5,
        "toleratedNumberOfFailures": 3,
    }
    balancing: Json = {
        "profileStatus": "Enabled",
        "trafficRoutingMethod": "Priority",
        "dnsConfig": {"relativeName": "tm-prod-ai-inference", "fqdn": fqdn, "ttl": 60},
        "monitorConfig": monitor,
    }
    rows = [_resource(GLOBAL, profile, "global", balancing)]
    for priority, (region, status) in enumerate((("eastus2", "Enabled"), ("westus2", "Disabled")), 1):
        endpoint: Json = {
            "target": gateway(region),
            "endpointStatus": status,
            "priority": priority,
            "weight": 1,
            "endpointLocation": region,
        }
        rows.append(_resource(GLOBAL, (*profile, "externalEndpoints", region), None, endpoint))
    record: Json = {"TTL": 60, "CNAMERecord": {"cname": fqdn}}
    return [
        *rows,
        _resource(GLOBAL, zone, "global", {"zoneType": "Public", "nameServers": ["ns1-04.azure-dns.com."]}),
        _resource(GLOBAL, (*zone, "CNAME", "ml-inference"), None, record),
    ]
