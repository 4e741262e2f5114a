"""The action group that Azure Monitor calls this app through, as it is deployed for any estate, and what it told."""

from typing import Any

from infra.local.drill.scene import Scene
from infra.local.drill.truth import Truth

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


def connect(scene: Scene) -> None:
    """From now on alert rules are evaluated, once a simulated minute, and call the app."""
    path, body = action_group(scene.estate.subscription_id, scene.api.url)
    scene.api.arm("PUT", path, body)
    scene.say(f"alert rules call {scene.api.url}/api/alerts")


def fired(truth: Truth, rule: str, tenant: str = "") -> dict[str, Any] | None:
    """What the simulated Azure says of the rule once it has fired, about that tenant where one is named."""
    return next(
        (
            one
            for one in truth.world["alerts"]["rules"]
            if one["rule"] == rule and tenant in {"", one["dimensions"].get("tenant")}
        ),
        None,
    )


def await_alert(scene: Scene, rule: str, tenant: str = "", *, within: float) -> None:
    """Wait until the rule fires by itself: at most so many simulated seconds."""
    alert = scene.until(f"{rule} fires", lambda: fired(scene.look(), rule, tenant), simulated=within)
    scene.say(f"alert rule {rule} fires by itself: {_measured(alert['value'])} was measured")


def _measured(value: object) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)
