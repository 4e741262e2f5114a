"""What Azure Monitor sends when an alert rule of the sample estate fires, as the simulated one words it."""

from datetime import datetime
from typing import Any

from infra.local.azure.services.alerts import payload
from infra.local.azure.services.alerts.rules import RULES

RULE = "SystemAvailabilityDrop"
EVALUATED_EVERY = 60.0
"""Simulated seconds: a rule looks at the last five minutes once a minute, so it is that late at most."""


def fired(name: str, target: str, value: float, fired_at: datetime) -> dict[str, Any]:
    """The alert of the rule of that name about the resource `target`; its time makes its id unique."""
    rule = next(one for one in RULES if one.name == name)
    number, at = f"drill-{fired_at:%Y%m%dT%H%M%S%f}", fired_at.timestamp()
    state = {"id": number, "origin": number, "fired_told": at}
    return payload.alert(rule, (target,), {}, value, state, at)
