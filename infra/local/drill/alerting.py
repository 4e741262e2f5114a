"""The action group that Azure Monitor calls this app through, as it is deployed for any estate."""

from typing import Any

API_VERSION = "2023-01-01"


def action_group(subscription_id: str, app_url: str, key: str = "local") -> tuple[str, dict[str, Any]]:
    """Path and body of the PUT to Azure Resource Manager; alert rules of the simulated Azure then call the app."""
    path = (
        f"/subscriptions/{subscription_id}/resourceGroups/rg-fas-global/providers/Microsoft.Insights"
        f"/actionGroups/ag-foundry-ops?api-version={API_VERSION}"
    )
    app = {
        "name": "foundry-ops",
        "serviceUri": f"{app_url}/api/alerts?code={key}",
        "useCommonAlertSchema": True,
    }
    properties = {"groupShortName": "ops", "enabled": True, "webhookReceivers": [app]}
    return path, {"location": "Global", "properties": properties}
