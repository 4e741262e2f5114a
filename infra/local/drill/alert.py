"""What Azure Monitor sends when the availability rule of the sample estate fires."""

from datetime import datetime, timedelta
from typing import Any

from shared.model.estate import TrafficRoute

RULE = "SystemAvailabilityDrop"
EVALUATED_EVERY = 60.0
"""Simulated seconds: the rule looks at the last five minutes once a minute, so it is that late at most."""


def availability_drop(route: TrafficRoute, run: str, fired_at: datetime, since: datetime) -> dict[str, Any]:
    """The common alert schema of a log search alert; `run` makes the alert's id unique."""
    subscription = "/".join(route.resource_id.split("/")[:3])
    return {
        "schemaId": "azureMonitorCommonAlertSchema",
        "data": {
            "essentials": {
                "alertId": f"{subscription}/providers/Microsoft.AlertsManagement/alerts/{run}",
                "alertRule": RULE,
                "severity": "Sev0",
                "signalType": "Log",
                "monitorCondition": "Fired",
                "monitoringService": "Log Alerts V2",
                "alertTargetIDs": [route.resource_id],
                "originAlertId": run,
                "firedDateTime": _iso(fired_at),
                "description": "System availability below 99.95%",
                "essentialsVersion": "1.0",
                "alertContextVersion": "1.0",
            },
            "alertContext": {
                "conditionType": "LogQueryCriteria",
                "condition": {
                    "windowSize": "PT5M",
                    "windowStartTime": _iso(fired_at - timedelta(minutes=5)),
                    "windowEndTime": _iso(fired_at),
                    "allOf": [
                        {"metricMeasureColumn": "SuccessRate", "operator": "LessThan", "threshold": "99.95"}
                    ],
                },
                "properties": {"failing_since": _iso(since)},
            },
        },
    }


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
