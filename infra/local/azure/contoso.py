"""The sample estate as Azure holds it: Contoso's Foundry Agent Service (FAS), pooled for two tenants."""

from infra.local.azure.core.clock import iso
from infra.local.azure.core.store import Json

SUBSCRIPTION = "00000000-0000-4000-8000-00000000c0de"
TENANT_ID = "11111111-1111-4111-8111-111111111111"
REGIONS: dict[str, Json] = {
    "japaneast": {"displayName": "Japan East", "paired": "japanwest"},
    "japanwest": {"displayName": "Japan West", "paired": "japaneast"},
    "eastus2": {"displayName": "East US 2", "paired": "centralus"},
    "westus2": {"displayName": "West US 2", "paired": "westcentralus"},
    "centralus": {"displayName": "Central US", "paired": "eastus2"},
}
ENVIRONMENT = "Microsoft.App/managedEnvironments"
EAST, WEST, GLOBAL = "rg-fas-japaneast", "rg-fas-japanwest", "rg-fas-global"
TENANTS = ("contoso", "fabrikam")
IMAGE_DIGEST = "sha256:6b1f0c9a8c9d7b44d9a6a0a7c1de52f6b2f1c27c9f0e4f53b0d0a9e6c2f4d811"
IMAGE = f"acrfasprod.azurecr.io/agent-service@{IMAGE_DIGEST}"
DOMAIN_EAST = "wittyforest-5f2c9a41.japaneast.azurecontainerapps.io"
DOMAIN_WEST = "calmriver-8d13b7e6.japanwest.azurecontainerapps.io"
COSMOS = "cosmos-fas-prod"
# Container of the agents database -> (documents, RU/s, autoscale or manual).
CONTAINERS = {
    "threads": (48_210, 4000, "autoscale"),
    "messages": (120_000, 4000, "autoscale"),
    "runs": (131_072, 1000, "manual"),
    "files": (7_345, 1000, "manual"),
    # Empty but for the document that probes write and read.
    "canary": (0, 400, "manual"),
}
# The agent service puts the region that it runs in for `{region}`: the same settings serve in both regions.
SETTINGS = {
    "COSMOS_ENDPOINT": f"https://{COSMOS}.documents.azure.com:443/",
    "SEARCH_ENDPOINT": "https://srch-fas-{region}.search.windows.net",
    "SEARCH_ALIAS": "agents",
    "KEY_VAULT_URI": "https://kv-fas-{region}.vault.azure.net/",
    "BLOB_ENDPOINT": "https://stfasprod.blob.core.windows.net/",
    "AZURE_CLIENT_ID": "7d3c1c7e-5b0f-4e02-9a41-2c9be6a0c0de",
}
APP_SETTINGS = {name: value.replace("{region}", "japaneast") for name, value in SETTINGS.items()}


def group_id(group: str) -> str:
    return f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}"


def resource_id(group: str, *parts: str) -> str:
    """`resource_id(EAST, "Microsoft.App/containerApps", "ca")`; children: further type and name in turn."""
    return "/".join([group_id(group), "providers", *parts])


def _resource(
    group: str, parts: tuple[str, ...], location: str | None, properties: Json, **more: object
) -> Json:
    kinds = "/".join(parts[::2])
    resource: Json = {"id": resource_id(group, *parts), "name": parts[-1], "type": kinds, **more}
    if location:
        resource["location"] = location
        resource["tags"] = {"service": "fas", "env": "prod"}
    return {**resource, "properties": {"provisioningState": "Succeeded", **properties}}


def resources(now: float) -> list[Json]:
    """Return every ARM document of the estate, as of the moment when the world begins."""
    groups = [(EAST, "japaneast"), (WEST, "japanwest"), (GLOBAL, "japanwest")]
    return [
        *(
            {
                "id": group_id(name),
                "name": name,
                "type": "Microsoft.Resources/resourceGroups",
                "location": location,
                "properties": {"provisioningState": "Succeeded"},
            }
            for name, location in groups
        ),
        *_cosmos(now),
        *_container_apps(now),
        *_data_services(now),
        *_network(),
        *_identities(),
    ]


def _cosmos(now: float) -> list[Json]:
    account = ("Microsoft.DocumentDB/databaseAccounts", COSMOS)
    database = (*account, "sqlDatabases", "agents")
    regions = ["Japan East", "Japan West"]
    rows = [
        _resource(
            EAST,
            account,
            "Japan East",
            {
                "documentEndpoint": f"https://{COSMOS}.documents.azure.com:443/",
                "databaseAccountOfferType": "Standard",
                "consistencyPolicy": {
                    "defaultConsistencyLevel": "Session",
                    "maxIntervalInSeconds": 5,
                    "maxStalenessPrefix": 100,
                },
                "enableAutomaticFailover": False,
                "enableMultipleWriteLocations": False,
                "instanceId": "9c1b6a5e-52f4-4f0e-8a5d-3f6f3fb0c0de",
                "publicNetworkAccess": "Enabled",
                "disableLocalAuth": True,
                "backupPolicy": {
                    "type": "Continuous",
                    "continuousModeProperties": {"tier": "Continuous30Days"},
                },
                "failoverPolicies": [
                    {
                        "id": f"{COSMOS}-{name.replace(' ', '').lower()}",
                        "locationName": name,
                        "failoverPriority": place,
                    }
                    for place, name in enumerate(regions)
                ],
            },
            kind="GlobalDocumentDB",
            systemData={"createdAt": iso(now - 400 * 86_400)},
        ),
        _resource(EAST, database, None, {"resource": {"id": "agents"}}),
    ]
    for name, (_, throughput, mode) in CONTAINERS.items():
        container = (*database, "containers", name)
        offer: Json = (
            {"autoscaleSettings": {"maxThroughput": throughput}, "throughput": throughput // 10}
            if mode == "autoscale"
            else {"throughput": throughput}
        )
        partition: Json = {"paths": ["/tenantId"], "kind": "Hash", "version": 2}
        rows.append(_resource(EAST, container, None, {"resource": {"id": name, "partitionKey": partition}}))
        rows.append(_resource(EAST, (*container, "throughputSettings", "default"), None, {"resource": offer}))
    return rows


def _container_apps(now: float) -> list[Json]:
    environments = [
        (EAST, "cae-fas-japaneast", "japaneast", DOMAIN_EAST, "20.89.12.41"),
        (WEST, "cae-fas-japanwest", "japanwest", DOMAIN_WEST, "20.27.180.9"),
    ]
    rows = [
        _resource(
            group,
            (ENVIRONMENT, name),
            location,
            {"defaultDomain": domain, "staticIp": address, "zoneRedundant": location == "japaneast"},
        )
        for group, name, location, domain, address in environments
    ]
    for group, name, location, _, _ in environments:
        uploaded: Json = {
            "subjectName": "CN=fas.contoso.com",
            "subjectAlternativeNames": ["fas.contoso.com", "*.fas.contoso.com"],
            "issueDate": iso(now - 150 * 86_400),
            "expirationDate": iso(now + 215 * 86_400),
            "valid": True,
        }
        parts = (ENVIRONMENT, name, "certificates", "fas-contoso-com")
        rows.append({**_resource(group, parts, None, uploaded), "location": location})
    certificate: Json = {
        "subjectName": "api.fas.contoso.com",
        "domainControlValidation": "CNAME",
        "expirationDate": iso(now + 74 * 86_400),
    }
    parts = (
        "Microsoft.App/managedEnvironments",
        "cae-fas-japaneast",
        "managedCertificates",
        "mc-api-fas-contoso",
    )
    rows.append({**_resource(EAST, parts, None, certificate), "location": "japaneast"})
    return [*rows, container_app(EAST, "japaneast", "cae-fas-japaneast", SETTINGS)]


def certificate_id(group: str, environment: str) -> str:
    """Return the id of the tenants' certificate in an environment: each region has its own copy."""
    return resource_id(group, ENVIRONMENT, environment, "certificates", "fas-contoso-com")


def container_app(group: str, region: str, environment: str, settings: dict[str, str]) -> Json:
    """Return the agent service's container app as a region runs it."""
    return _resource(
        group,
        ("Microsoft.App/containerApps", "ca-agent-service"),
        region,
        {
            "managedEnvironmentId": resource_id(group, ENVIRONMENT, environment),
            "configuration": {
                "activeRevisionsMode": "Single",
                "ingress": {
                    "external": True,
                    "targetPort": 8080,
                    "transport": "Auto",
                    "traffic": [{"latestRevision": True, "weight": 100}],
                    "customDomains": [
                        {
                            "name": "api.fas.contoso.com",
                            "bindingType": "SniEnabled",
                            "certificateId": certificate_id(group, environment),
                        }
                    ],
                },
                "registries": [{"server": "acrfasprod.azurecr.io", "identity": "system"}],
            },
            "template": {
                "containers": [
                    {
                        "name": "agent-service",
                        "image": IMAGE,
                        "resources": {"cpu": 1.0, "memory": "2Gi"},
                        "env": [{"name": name, "value": value} for name, value in settings.items()],
                    }
                ],
                "scale": {"minReplicas": 3, "maxReplicas": 10},
            },
        },
        identity={"type": "UserAssigned", "userAssignedIdentities": {AGENT_IDENTITY_ID: {}}},
    )


AGENT_PRINCIPAL = "5f0a2f64-1d0b-4f0f-8d4e-0b1d6a1ac0de"
AGENT_IDENTITY_ID = resource_id(
    GLOBAL, "Microsoft.ManagedIdentity/userAssignedIdentities", "id-agent-service"
)


def _identities() -> list[Json]:
    """Return the identity that the agent service has in every region, so that its roles are given once."""
    parts = ("Microsoft.ManagedIdentity/userAssignedIdentities", "id-agent-service")
    about = {"principalId": AGENT_PRINCIPAL, "clientId": SETTINGS["AZURE_CLIENT_ID"], "tenantId": TENANT_ID}
    return [_resource(GLOBAL, parts, "japanwest", about)]


def _data_services(now: float) -> list[Json]:
    rows: list[Json] = []
    for group, region in ((EAST, "japaneast"), (WEST, "japanwest")):
        search: Json = {"replicaCount": 2, "partitionCount": 1, "status": "running"}
        vault: Json = {
            "tenantId": TENANT_ID,
            "vaultUri": f"https://kv-fas-{region}.vault.azure.net/",
            "sku": {"family": "A", "name": "standard"},
            "enableRbacAuthorization": True,
        }
        parts = ("Microsoft.Search/searchServices", f"srch-fas-{region}")
        rows.append(_resource(group, parts, region, search, sku={"name": "standard"}))
        rows.append(_resource(group, ("Microsoft.KeyVault/vaults", f"kv-fas-{region}"), region, vault))
        cache: Json = {
            "hostName": f"redis-fas-{region}.redis.cache.windows.net",
            "sslPort": 6380,
            "redisVersion": "6.0",
            "sku": {"name": "Standard", "family": "C", "capacity": 2},
        }
        rows.append(_resource(group, ("Microsoft.Cache/redis", f"redis-fas-{region}"), region, cache))
    storage: Json = {
        "creationTime": iso(now - 400 * 86_400),
        "accessTier": "Hot",
        "supportsHttpsTrafficOnly": True,
        "primaryLocation": "japaneast",
        "secondaryLocation": "japanwest",
    }
    registry: Json = {
        "loginServer": "acrfasprod.azurecr.io",
        "adminUserEnabled": False,
        "creationDate": iso(now - 400 * 86_400),
    }
    registry_parts = ("Microsoft.ContainerRegistry/registries", "acrfasprod")
    mail: Json = {"hostName": "acs-fas-prod.communication.azure.com", "dataLocation": "Japan"}
    return [
        *rows,
        _resource(
            EAST,
            ("Microsoft.Storage/storageAccounts", "stfasprod"),
            "japaneast",
            storage,
            sku={"name": "Standard_RAGRS", "tier": "Standard"},
            kind="StorageV2",
        ),
        _resource(GLOBAL, registry_parts, "japaneast", registry, sku={"name": "Premium", "tier": "Premium"}),
        *(
            {**_resource(GLOBAL, (*registry_parts, "replications", region), None, {}), "location": region}
            for region in ("japaneast", "japanwest")
        ),
        _resource(GLOBAL, ("Microsoft.Communication/communicationServices", "acs-fas-prod"), "global", mail),
    ]


def _network() -> list[Json]:
    profile = ("Microsoft.Network/trafficManagerProfiles", "tm-fas")
    zone = ("Microsoft.Network/dnsZones", "fas.contoso.com")
    endpoints = [("japaneast", DOMAIN_EAST, "Enabled", 1), ("japanwest", DOMAIN_WEST, "Disabled", 2)]
    records: list[tuple[str, str, Json]] = [
        ("CNAME", "api", {"TTL": 60, "CNAMERecord": {"cname": "tm-fas.trafficmanager.net"}}),
        ("TXT", "asuid.api", {"TTL": 3600, "TXTRecords": [{"value": ["b9c7f3f0c0de"]}]}),
        (
            "TXT",
            "@",
            {"TTL": 3600, "TXTRecords": [{"value": ["v=spf1 include:spf.protection.outlook.com -all"]}]},
        ),
    ]
    return [
        _resource(
            GLOBAL,
            profile,
            "global",
            {
                "profileStatus": "Enabled",
                "trafficRoutingMethod": "Priority",
                "dnsConfig": {"relativeName": "tm-fas", "fqdn": "tm-fas.trafficmanager.net", "ttl": 60},
                "monitorConfig": {
                    "protocol": "HTTPS",
                    "port": 443,
                    "path": "/health",
                    "intervalInSeconds": 10,
                    "timeoutInSeconds": 5,
                    "toleratedNumberOfFailures": 3,
                },
            },
        ),
        *(
            _resource(
                GLOBAL,
                (*profile, "externalEndpoints", name),
                None,
                {
                    "target": f"ca-agent-service.{domain}",
                    "endpointStatus": status,
                    "priority": priority,
                    "weight": 1,
                    "endpointLocation": name,
                },
            )
            for name, domain, status, priority in endpoints
        ),
        _resource(GLOBAL, zone, "global", {"zoneType": "Public", "nameServers": ["ns1-04.azure-dns.com."]}),
        *(_resource(GLOBAL, (*zone, kind, name), None, properties) for kind, name, properties in records),
    ]
