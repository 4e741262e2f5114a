"""Incidents: one cause, from its first alert until somebody or a verified recovery closes it."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from shared.model import duty
from shared.model.alert import Alert
from shared.model.run import LogEntry
from shared.model.severity import Severity
from shared.model.ticket import TicketRef
from shared.model.wire import Frozen


class IncidentState(StrEnum):
    """Where an incident stands. Mitigated: it no longer hurts, and it is watched until it closes."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    MITIGATED = "mitigated"
    CLOSED = "closed"


class Remediation(StrEnum):
    """What was done about it without a person."""

    NONE = "none"
    OFFERED = "offered"
    RUNNING = "running"
    HELPED = "helped"
    DID_NOT_HELP = "did_not_help"


class Rung(duty.Rung):
    """One level of the incident's ladder; `told_at` once it was."""

    told_at: datetime | None = None


class Signals(Frozen):
    """What the alert rule has said since the incident opened. `changes` counts how often it changed its mind.

    `at` is when it last did; `since` is where the window begins over which it looked when it fired last.
    """

    fired: int = 1
    resolved: int = 0
    repeats: int = 0
    changes: int = 0
    condition: Literal["fired", "resolved"] = "fired"
    at: datetime | None = None
    # The worst that it has said.
    severity: Severity = Severity.INFORMATIONAL
    since: datetime | None = None


class Incident(Frozen):
    """One cause, whole: what `GET /incidents/{id}` answers, and what is kept when it has closed."""

    id: str
    alert: Alert
    severity: Severity = Severity.HIGH
    state: IncidentState = IncidentState.OPEN
    opened_at: datetime
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    mitigated_at: datetime | None = None
    closed_at: datetime | None = None
    closed_by: str = ""
    close_reason: str = ""
    security: bool = False
    service: str = ""
    tenant: str = ""
    policy: str = ""
    ladder: tuple[Rung, ...] = ()
    silenced_until: datetime | None = None
    remediation: Remediation = Remediation.NONE
    plan: str = ""
    run_ids: tuple[str, ...] = ()
    tried: tuple[str, ...] = ()
    ticket: TicketRef | None = None
    signals: Signals = Signals()
    timeline: tuple[LogEntry, ...] = ()
