"""Who is on duty and whom an incident reaches, as answers: the estate's `OnCall` is what they are worked out from."""

from datetime import datetime

from shared.model.severity import Severity
from shared.model.wire import Frozen


class Duty(Frozen):
    """Who of a team is on duty at a moment. `begins` is when the team is there (that moment, or the next one)."""

    team: str
    on_duty: bool
    to: tuple[str, ...]
    begins: datetime | None
    ends: datetime | None = None
    handover: datetime | None = None
    then: str = ""
    why: str = ""


class Rung(Frozen):
    """One step of an escalation: at `due_at` (UTC) `to` is told, unless somebody has acknowledged before.

    `level` is its place in the policy, from 1; one that is missing was off duty, and the next one's `why` says so.
    Level 0 are the alert rule's owners. `respond_by` is when the next one is told, or the policy's promise.
    """

    level: int
    team: str
    due_at: datetime
    to: tuple[str, ...]
    channels: tuple[str, ...]
    why: str
    respond_by: datetime | None = None


class TeamNow(Frozen):
    """One team at that moment."""

    name: str
    title: str
    mail: str
    time_zone: str
    channels: tuple[str, ...]
    duty: Duty


class Ladder(Frozen):
    """What an incident of one severity that opens at that moment goes through."""

    severity: Severity
    rungs: tuple[Rung, ...]


class PolicyNow(Frozen):
    """One policy at that moment, with the services that chose it."""

    name: str
    title: str
    services: tuple[str, ...]
    ladders: tuple[Ladder, ...]


class Table(Frozen):
    """Everything that the page shows."""

    at: datetime
    teams: tuple[TeamNow, ...]
    policies: tuple[PolicyNow, ...]
