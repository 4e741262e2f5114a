"""Importing this registers everything on the blueprint: activities, entities, orchestrations, triggers."""

from orchestrations import activities, entities, evidence, incident_activities, orchestrators
from orchestrations.app import app
from orchestrations.silences import silences
from orchestrations.triggers import alerts, approval_page, contract, health, incident_page, tick, watch

__all__ = [
    "activities",
    "alerts",
    "app",
    "approval_page",
    "contract",
    "entities",
    "evidence",
    "health",
    "incident_activities",
    "incident_page",
    "orchestrators",
    "silences",
    "tick",
    "watch",
]
