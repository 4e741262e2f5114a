"""Configuration backups of the sample estate's workspace in tests: which there are, and how to spoil them."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from infra.local.azure import landing_zone
from infra.local.azure.core.clock import iso
from infra.local.azure.services.blobs import store
from infra.local.azure.services.blobs.reading import digest
from infra.local.azure.services.landing_zone import backup
from shared.model.estate import MlWorkspace, Storage
from tests.shared.actions.stage import Stage, contoso

NAME = "aml-prod-eus2-ai-01"


def params() -> dict[str, Any]:
    """Workspace and store, as every step of the recovery takes them."""
    service = contoso().of_kind(MlWorkspace)[0]
    storage = contoso().service(service.backup_storage)
    assert isinstance(storage, Storage)
    return {"service": service, "storage": storage}


def taken(stage: Stage, at: datetime, change: Callable[[Any], Any] = lambda _kept: None) -> str:
    """Put a backup of the workspace as it is now, dated then and changed; its name."""
    name = f"{NAME}/{iso(at.timestamp())[:16].replace(':', '-')}.json"

    def work(world: Any) -> None:
        kept = backup(world, "eastus2", at.timestamp())
        change(kept)
        put(world, name, json.dumps(kept).encode())

    stage.lab.inside(work)
    return name


def put(world: Any, name: str, content: bytes) -> None:
    """Write a blob into the backups' container behind everybody's back."""
    entry = {
        "length": len(content),
        "md5": digest(content),
        "type": "application/json",
        "settings": {},
        "metadata": {},
        "created": world.now,
        "blocks": [],
        "content": store.keep(world, content),
    }
    store.put_version(world, landing_zone.DATA_LAKE, "workspace-backup", name, entry)


def lost(stage: Stage) -> None:
    """The workspace was deleted, with all its clusters."""
    stage.lab.advance(30)
    stage.lab.fault("workspace_deleted", NAME)
