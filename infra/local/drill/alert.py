"""What Azure Monitor sends when an alert rule of the sample estate fires."""

from datetime import datetime, timedelta
from typing import Any

from shared.model.estate import TrafficRoute

RULE = "SystemAvailabilityDrop"
EVALUATED_EVERY = 60.0
"""Simulated seconds: a rule looks at the last five minutes once a minute, so it is that late at most."""


def availability_drop(route: TrafficRoute, fired_at: datetime, since: datetime) -> dict[str, Any]:
    """The availability rule, for a front door that leads nowhere."""
    return fired(
        RULE,
        route.resource_id,
        "System availability below 99.95%",
        {"metricMeasureColumn": "SuccessRate", "operator": "LessThan", "threshold": "99.95"},
        fired_at=fired_at,
        since=since,
    )


def fired(
    rule: str,
    target: str,
    description: str,
    condition: dict[str, Any],
    *,
    fired_at: datetime,
    since: datetime,
    severity: str = "Sev0",
) -> dict[str, Any]:
    """The common alert schema of a log search alert about the resource `target`; its time makes its id unique."""
    subscription = "/".join(target.split("/")[:3])
    run = f"drill-{fired_at:%Y%m%dT%H%M%S%f}"
    return {
        "schemaId": "azureMonitorCommonAlertSchema",
        "data": {
            "essentials": {
                "alertId": f"{subscription}/providers/Microsoft.AlertsManagement/alerts/{run}",
                "alertRule": rule,
                "severity": severity,
                "signalType": "Log",
                "monitorCondition": "Fired",
                "monitoringService": "Log Alerts V2",
                "alertTargetIDs": [target],
                "originAlertId": run,
                "firedDateTime": _iso(fired_at),
                "description": description,
                "essentialsVersion": "1.0",
                "alertContextVersion": "1.0",
            },
            "alertContext": {
                "conditionType": "LogQueryCriteria",
                "condition": {
                    "windowSize": "PT5M",
                    "windowStartTime": _iso(fired_at - timedelta(minutes=5)),
                    "windowEndTime": _iso(fired_at),
                    "allOf": [condition],
                },
                "properties": {"failing_since": _iso(since)},
            },
        },
    }


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
