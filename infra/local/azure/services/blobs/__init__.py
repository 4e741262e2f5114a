"""Blob storage's data plane, for every account of the world and its readable copy."""

from infra.local.azure.services.blobs import seed as _seed
from infra.local.azure.services.blobs.account import View, last_sync, reachable
from infra.local.azure.services.blobs.routes import service
from infra.local.azure.services.blobs.store import lose_unsynced

service.seed(_seed.plant)

__all__ = ["View", "last_sync", "lose_unsynced", "reachable", "service"]
