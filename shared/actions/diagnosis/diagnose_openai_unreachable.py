"""Says why Azure OpenAI cannot be reached: private endpoint, NSG, DNS (seed 004, section 10.2)."""

from typing import Any

from shared.actions.action import Call, action
from shared.actions.facts import (
    MODELS_VERSION,
    NETWORK_VERSION,
    Document,
    diagnosis,
    finding,
    gathered,
    properties,
)
from shared.model.estate import OpenAi
from shared.model.outcome import Finding, Outcome, Pending
from shared.model.wire import Frozen

PORT = 443


class Params(Frozen):
    """The account, and the network security groups on the way to it."""

    service: OpenAi
    groups: tuple[str, ...] = ()


@action(changes=False)
def diagnose_openai_unreachable(params: Params, call: Call) -> Outcome | Pending:
    """Looks at account, private endpoints, security rules and private DNS, and says where the way is cut."""
    service = params.service
    name = service.resource_id.rsplit("/", 1)[-1]
    subscription = f"/subscriptions/{call.azure.connection.subscription_id}"
    network, models = call.azure.arm(NETWORK_VERSION), call.azure.arm(MODELS_VERSION)
    facts, unknown = gathered(
        account=lambda: models.get("get Azure OpenAI account", service.resource_id),
        answer=lambda: call.azure.probe(
            f"https://{name}.openai.azure.com/openai/models?api-version=2024-10-21"
        ),
        endpoints=lambda: network.listed(
            "list private endpoints", f"{subscription}/providers/Microsoft.Network/privateEndpoints"
        ),
        zones=lambda: network.listed(
            "list private DNS records",
            f"{subscription}/providers/Microsoft.Network/privateDnsZones",
        ),
        **{f"rules {one}": lambda one=one: call.azure.network.rules(one) for one in params.groups},
    )
    found: list[Finding] = []
    account: Document | None = facts["account"]
    if account is None:
        found.append(
            finding(
                call, service.resource_id, f"{name} does not exist", "run failover_openai, or recreate it"
            )
        )
    elif not facts["answer"].status:
        advice = "check whether its region is out (Service Health); landing_zone_activation moves its models"
        found.append(
            finding(call, service.resource_id, f"nothing answers at {name}.openai.azure.com", advice)
        )
    about = properties(account)
    private = [one for one in facts["endpoints"] or () if _leads_to(one, service.resource_id)]
    closed = str(about.get("publicNetworkAccess", "")).lower() == "disabled"
    if closed and not private and facts["endpoints"] is not None:
        advice = "create a private endpoint for it, or enable its public network access"
        found.append(
            finding(
                call,
                service.resource_id,
                "public access is disabled, and there is no private endpoint",
                advice,
            )
        )
    for one in private:
        state = _connection(one)
        if state.lower() != "approved":
            advice = "let the owner of the account approve the connection (Networking, Private endpoint connections)"
            found.append(
                finding(
                    call,
                    str(one["id"]),
                    f"private endpoint {one['name']} is {state or 'not connected'}",
                    advice,
                )
            )
    if (
        private
        and facts["zones"] is not None
        and not any(
            str(zone.get("name", "")).lower() == "privatelink.openai.azure.com" for zone in facts["zones"]
        )
    ):
        advice = "create it with an A record for the account, and link it to the network"
        found.append(
            finding(
                call, service.resource_id, "private DNS zone privatelink.openai.azure.com is missing", advice
            )
        )
    for group in params.groups:
        for rule in sorted(facts[f"rules {group}"] or (), key=lambda rule: rule.priority):
            if rule.direction == "Outbound" and rule.access == "Deny" and _covers(rule.properties):
                advice = f"let {PORT} out to CognitiveServicesManagement before priority {rule.priority}"
                found.append(
                    finding(
                        call,
                        group,
                        f"rule {rule.name} denies the way out to {PORT}",
                        advice,
                        **rule.properties,
                    )
                )
    return diagnosis(
        call, service.resource_id, found, unknown, "test with curl from a machine in the network"
    )


def _leads_to(endpoint: Document, account: str) -> bool:
    rows: list[Document] = properties(endpoint).get("privateLinkServiceConnections") or []
    return any(
        str(properties(row).get("privateLinkServiceId", "")).lower() == account.lower() for row in rows
    )


def _connection(endpoint: Document) -> str:
    rows: list[Document] = properties(endpoint).get("privateLinkServiceConnections") or []
    states = [
        str((properties(row).get("privateLinkServiceConnectionState") or {}).get("status", ""))
        for row in rows
    ]
    return next((one for one in states if one.lower() != "approved"), "Approved" if states else "")


def _covers(rule: dict[str, Any]) -> bool:
    """Whether a rule is about HTTPS to the Internet or to Azure's AI."""
    port = str(rule.get("destinationPortRange", "*"))
    low, _, high = port.partition("-")
    hits = port == "*" or (low.isdigit() and int(low) <= PORT <= int(high or low))
    return hits and str(rule.get("destinationAddressPrefix", "*")).lower() in {
        "*",
        "internet",
        "azurecloud",
        "cognitiveservicesmanagement",
        "0.0.0.0/0",
    }
