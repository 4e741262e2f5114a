"""Importing this registers everything on the blueprint: activities, entities, orchestrations, triggers."""

from orchestrations import activities, entities, orchestrators
from orchestrations.app import app
from orchestrations.triggers import automation, health, plans, runs, starts

__all__ = [
    "activities",
    "app",
    "automation",
    "entities",
    "health",
    "orchestrators",
    "plans",
    "runs",
    "starts",
]
