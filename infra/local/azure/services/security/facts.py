"""The security side of the sample estate: images, networks, people, who may do what."""

from infra.local.azure import contoso
from infra.local.azure.contoso import EAST, GLOBAL, WEST, group_id, resource_id
from infra.local.azure.core.store import Json

REGISTRY = resource_id(GLOBAL, "Microsoft.ContainerRegistry/registries", "acrfasprod")
REPOSITORY = "acrfasprod.azurecr.io/agent-service"
# The build's own registry, which images are imported from once they are approved.
BUILDS = "acrfasbuild.azurecr.io/agent-service"
VULNERABLE = contoso.IMAGE_DIGEST
PATCHED = "sha256:0f4c3a6d2b8e517f9a60c1d4e7b2853f6ad90c4b7e1f28d35c6049ab8f7d1e62"

APP_IDENTITY = "7a3c1d52-0b64-4e8f-9d17-5c2be8a4f001"
OPERATIONS_IDENTITY = "7a3c1d52-0b64-4e8f-9d17-5c2be8a4f002"
PIPELINE_IDENTITY = "7a3c1d52-0b64-4e8f-9d17-5c2be8a4f003"
ROGUE_IDENTITY = "66666666-6666-4666-8666-666666666666"

FRANK = "22222222-2222-4222-8222-00000000000f"
BREAK_GLASS = "22222222-2222-4222-8222-0000000000b1"
USERS = {
    "22222222-2222-4222-8222-00000000000a": ("Alice", "alice@contoso.com"),
    "22222222-2222-4222-8222-00000000000b": ("Bob", "bob@contoso.com"),
    "22222222-2222-4222-8222-00000000000c": ("Carol", "carol@contoso.com"),
    "22222222-2222-4222-8222-00000000000d": ("Dave", "dave@contoso.com"),
    "22222222-2222-4222-8222-00000000000e": ("Erin", "erin@contoso.com"),
    FRANK: ("Frank", "frank@contoso.com"),
    BREAK_GLASS: ("Break glass", "breakglass@contoso.onmicrosoft.com"),
}

ROLES = {
    "b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
    "acdd72a7-3385-48ef-bd42-f606fba81ae7": "Reader",
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": "User Access Administrator",
    "7f951dda-4ed3-4680-a7ca-43fe172d538d": "AcrPull",
    "4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
    "1407120a-92aa-4202-b7e9-c0e197c71c8f": "Search Index Data Reader",
}
ROLE_IDS = {title: number for number, title in ROLES.items()}
SUBSCRIPTION_SCOPE = f"/subscriptions/{contoso.SUBSCRIPTION}"
# Principal, its type, role, scope.
ASSIGNMENTS = [
    (APP_IDENTITY, "ServicePrincipal", "AcrPull", REGISTRY),
    (APP_IDENTITY, "ServicePrincipal", "Key Vault Secrets User", group_id(EAST)),
    (APP_IDENTITY, "ServicePrincipal", "Search Index Data Reader", group_id(EAST)),
    (OPERATIONS_IDENTITY, "ServicePrincipal", "Contributor", SUBSCRIPTION_SCOPE),
    (OPERATIONS_IDENTITY, "ServicePrincipal", "User Access Administrator", SUBSCRIPTION_SCOPE),
    (PIPELINE_IDENTITY, "ServicePrincipal", "Contributor", group_id(EAST)),
    (BREAK_GLASS, "User", "Owner", SUBSCRIPTION_SCOPE),
    (FRANK, "User", "User Access Administrator", group_id(EAST)),
    ("22222222-2222-4222-8222-00000000000d", "User", "Reader", SUBSCRIPTION_SCOPE),
]


def network_security_groups() -> list[Json]:
    """Return one for the subnet of each environment, as they stand in peace: HTTPS in, everything out."""
    return [
        {
            "id": resource_id(group, "Microsoft.Network/networkSecurityGroups", f"nsg-cae-fas-{region}"),
            "name": f"nsg-cae-fas-{region}",
            "type": "Microsoft.Network/networkSecurityGroups",
            "location": region,
            "tags": {"service": "fas", "env": "prod"},
            "properties": {
                "provisioningState": "Succeeded",
                "subnets": [{"id": subnet_id(group, region)}],
                "securityRules": [
                    rule(group, region, "allow-https-in", "Inbound", 200, source="Internet", port="443"),
                    rule(group, region, "allow-balancer-in", "Inbound", 210, source="AzureLoadBalancer"),
                ],
            },
        }
        for group, region in ((EAST, "japaneast"), (WEST, "japanwest"))
    ]


def subnet_id(group: str, region: str) -> str:
    return resource_id(
        group, "Microsoft.Network/virtualNetworks", f"vnet-fas-{region}", "subnets", "snet-cae-fas"
    )


def rule(
    group: str, region: str, name: str, direction: str, priority: int, *, source: str, port: str = "*"
) -> Json:
    parent = resource_id(group, "Microsoft.Network/networkSecurityGroups", f"nsg-cae-fas-{region}")
    return {
        "id": f"{parent}/securityRules/{name}",
        "name": name,
        "type": "Microsoft.Network/networkSecurityGroups/securityRules",
        "properties": {
            "provisioningState": "Succeeded",
            "direction": direction,
            "access": "Allow",
            "priority": priority,
            "protocol": "*",
            "sourceAddressPrefix": source,
            "sourcePortRange": "*",
            "destinationAddressPrefix": "*",
            "destinationPortRange": port,
        },
    }
