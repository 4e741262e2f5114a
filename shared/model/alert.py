"""Alerts: what an alert rule said, in our own words, whoever sent it."""

import hashlib
from datetime import datetime
from typing import Literal

from pydantic import Field

from shared.model.severity import Severity
from shared.model.wire import Frozen


class Alert(Frozen):
    """What an alert rule said, once or again.

    `dimensions` say which of the rule's series it is about (a tenant, a container); `facts` are what people want to
    read first: what was measured, against which threshold.
    """

    id: str
    rule: str
    severity: Severity
    condition: Literal["fired", "resolved"]
    fired_at: datetime
    resolved_at: datetime | None = None
    # Where the window begins over which the rule looked, if it says so.
    measured_since: datetime | None = None
    resources: tuple[str, ...]
    dimensions: dict[str, str] = Field(default_factory=dict[str, str])
    facts: dict[str, str] = Field(default_factory=dict[str, str])
    monitoring_service: str = ""
    description: str = ""
    # Whether it is about security: then nothing but a person closes its incident (seed 000, section 5.1.2).
    security: bool = False
    signature: str = ""

    @property
    def fingerprint(self) -> str:
        """The cause: rule, resources and dimensions, whatever their order or case. 16 hex digits."""
        cause = [
            self.rule.lower(),
            *sorted({resource.lower().rstrip("/") for resource in self.resources}),
            *sorted(f"{name.lower()}={value.lower()}" for name, value in self.dimensions.items()),
        ]
        return hashlib.sha256("\n".join(cause).encode()).hexdigest()[:16]

    @property
    def seen_as(self) -> str:
        """What a repeat of this very alert is known by: the same id and condition. 16 hex digits."""
        return hashlib.sha256(f"{self.id}\n{self.condition}".lower().encode()).hexdigest()[:16]

    @property
    def at(self) -> datetime:
        """When its condition became so."""
        return self.resolved_at or self.fired_at if self.condition == "resolved" else self.fired_at

    @property
    def tenant(self) -> str:
        """The tenant that it is about, or nothing."""
        return next((value for name, value in self.dimensions.items() if name.lower() in TENANT_NAMES), "")


TENANT_NAMES = frozenset({"tenantid", "tenant", "customdimensions_tenantid", "properties_tenantid"})
"""Names of the dimension that says whose requests were measured."""
