"""Importing this registers everything on the blueprint: activities, entities, orchestrations, triggers."""

from orchestrations import activities, entities, incident_activities, orchestrators
from orchestrations.app import app
from orchestrations.triggers import alerts, automation, health, incidents, plans, runs, starts, tick

__all__ = [
    "activities",
    "alerts",
    "app",
    "automation",
    "entities",
    "health",
    "incident_activities",
    "incidents",
    "orchestrators",
    "plans",
    "runs",
    "starts",
    "tick",
]
