"""Importing this registers every trigger."""

from orchestrations.triggers import automation, health, plans, runs, starts

__all__ = ["automation", "health", "plans", "runs", "starts"]
