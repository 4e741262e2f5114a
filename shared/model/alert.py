"""Alerts as Azure Monitor sends them, and the incidents that they open."""

import hashlib
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from shared.model.run import LogEntry
from shared.model.severity import Severity
from shared.model.wire import Frozen


class Alert(Frozen):
    """What an alert rule said, once or again."""

    id: str
    rule: str
    severity: Severity
    condition: Literal["fired", "resolved"]
    fired_at: datetime
    resolved_at: datetime | None = None
    resources: tuple[str, ...]
    monitoring_service: str = ""
    description: str = ""
    signature: str = ""

    @property
    def fingerprint(self) -> str:
        """The cause: rule and resources, whatever their order or case. 16 hex digits."""
        cause = "\n".join([self.rule.lower(), *sorted(resource.lower() for resource in self.resources)])
        return hashlib.sha256(cause.encode()).hexdigest()[:16]


class _Essentials(BaseModel):
    """Azure adds fields to the schema as it likes, so what is not read is not refused."""

    model_config = ConfigDict(extra="ignore", defer_build=True)

    alertId: str = Field(min_length=1, max_length=1000)  # noqa: N815 - the schema's name
    alertRule: str = Field(min_length=1, max_length=500)  # noqa: N815
    severity: Literal["Sev0", "Sev1", "Sev2", "Sev3", "Sev4"]
    monitorCondition: Literal["Fired", "Resolved"]  # noqa: N815
    monitoringService: str = Field(default="", max_length=200)  # noqa: N815
    alertTargetIDs: tuple[str, ...] = Field(default=(), max_length=100)  # noqa: N815
    firedDateTime: datetime  # noqa: N815
    resolvedDateTime: datetime | None = None  # noqa: N815
    description: str | None = Field(default=None, max_length=10_000)

    @field_validator("firedDateTime", "resolvedDateTime")
    @classmethod
    def _aware(cls, at: datetime | None) -> datetime | None:
        return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at


class _Data(BaseModel):
    model_config = ConfigDict(extra="ignore", defer_build=True)

    essentials: _Essentials
    alertContext: Any = None  # noqa: N815


class CommonAlert(BaseModel):
    """The common alert schema (Microsoft Learn, Common alert schema for Azure Monitor alerts)."""

    model_config = ConfigDict(extra="ignore", defer_build=True)

    schemaId: Literal["azureMonitorCommonAlertSchema"]  # noqa: N815
    data: _Data

    def alert(self) -> Alert:
        """The part of it that we act on."""
        found = self.data.essentials
        return Alert(
            id=found.alertId,
            rule=found.alertRule,
            severity=Severity.from_azure(found.severity),
            condition="fired" if found.monitorCondition == "Fired" else "resolved",
            fired_at=found.firedDateTime,
            resolved_at=found.resolvedDateTime,
            resources=tuple(found.alertTargetIDs),
            monitoring_service=found.monitoringService,
            description=(found.description or "")[:1000],
        )


class IncidentState(StrEnum):
    """Where an incident stands."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    MITIGATED = "mitigated"
    CLOSED = "closed"


class Incident(Frozen):
    """One cause, from its first alert until somebody or a verified recovery closes it."""

    id: str
    alert: Alert
    state: IncidentState = IncidentState.OPEN
    opened_at: datetime
    closed_at: datetime | None = None
    acknowledged_by: str = ""
    plan: str = ""
    run_ids: tuple[str, ...] = ()
    timeline: tuple[LogEntry, ...] = ()
