"""The recorded alert payloads are what they say they are."""

import json
from pathlib import Path

import pytest

SAMPLES = sorted((Path(__file__).parents[3] / "fixtures" / "alerts").glob("*.json"))
ALWAYS = {
    "alertId",
    "alertRule",
    "severity",
    "signalType",
    "monitorCondition",
    "monitoringService",
    "alertTargetIDs",
    "firedDateTime",
    "essentialsVersion",
    "alertContextVersion",
}


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda one: one.stem)
def test_every_sample_is_a_common_alert(sample):
    alert = json.loads(sample.read_text())
    assert alert["schemaId"] == "azureMonitorCommonAlertSchema"
    essentials = alert["data"]["essentials"]
    assert set(essentials) >= ALWAYS
    assert ("resolved" in sample.stem) == (essentials["monitorCondition"] == "Resolved")
    assert isinstance(alert["data"]["alertContext"], dict)


def test_every_alert_has_an_id_of_its_own():
    ids = {}
    for sample in SAMPLES:
        essentials = json.loads(sample.read_text())["data"]["essentials"]
        ids.setdefault(essentials["alertId"], set()).add(sample.stem.rsplit("_", 1)[0])
    assert all(len(cases) == 1 for cases in ids.values())


def test_all_monitoring_services_are_there():
    found = {json.loads(one.read_text())["data"]["essentials"]["monitoringService"] for one in SAMPLES}
    assert found >= {
        "Platform",
        "Log Analytics",
        "Application Insights",
        "Log Alerts V2",
        "Activity Log - Administrative",
        "Activity Log - Policy",
        "Activity Log - Autoscale",
        "Activity Log - Security",
        "ServiceHealth",
        "Resource Health",
        "ResourceHealth",
        "SmartDetector",
        "Prometheus",
        "CostAlerts",
    }
