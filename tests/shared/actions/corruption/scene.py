"""Corrupted data as the actions of the recovery meet it."""

from datetime import datetime, timedelta
from typing import Any

from infra.local.drill.corruption import FAULT
from shared.actions.corruption.isolate_corrupted_data import isolate_corrupted_data
from shared.actions.corruption.restore_from_backup import restore_from_backup
from shared.actions.corruption.validate_data_integrity import validate_data_integrity
from shared.actions.maintenance.record_integrity_manifest import record_integrity_manifest
from shared.model.estate import ContainerApp, CosmosDb, KeyVault, Storage
from shared.model.plan import Step
from tests.shared.actions.changes_once import contoso
from tests.shared.actions.stage import Stage

ACCOUNT, NIGHT = "cosmos-fas-prod", "maintenance-daily-20260101T000000-0a1b2c3d"
DATABASE = contoso().of_kind(CosmosDb)[0]
FILES = contoso().of_kind(Storage)[0]
SECRETS = contoso().of_kind(KeyVault)[0]
APPS = contoso().of_kind(ContainerApp)


def isolate(**changes: Any) -> Step:
    return isolate_corrupted_data.step(databases=(DATABASE,), apps=APPS, **changes)


def restore(service: Any, good_at: datetime | None = None, **more: Any) -> Step:
    return restore_from_backup.step(service=service, good_at=good_at, **more)


def validate(service: Any) -> Step:
    return validate_data_integrity.step(service=service)


def night(stage: Stage) -> None:
    """A good night's manifests; the clock stands at `00:01:00` of the first of January 2026."""
    stage.lab.advance(60)
    stage.carry_out(record_integrity_manifest.step(services=contoso().services), run_id=NIGHT)


def corrupted(stage: Stage, **details: Any) -> None:
    """The night was good; ten seconds later a bad writer begins, and is stopped half a minute after that."""
    night(stage)
    stage.lab.advance(10)
    stage.lab.fault(**{**FAULT, "details": {"writer": "release", "rate": 5, **details}})
    stage.lab.advance(30)


def good_at(stage: Stage) -> datetime:
    """Two seconds after the manifests: before the first damage."""
    return stage.now.replace(minute=1, second=2, microsecond=0)


GOOD = timedelta(seconds=62)
