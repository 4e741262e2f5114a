"""`/automation`: the kill switch. Anyone on shift may switch off; switching on again takes an approver."""

import time
from datetime import UTC, datetime

import azure.functions as func
from durabletask.entities import EntityInstanceId
from pydantic import Field

from orchestrations.entities import AUTOMATION_ON
from orchestrations.triggers.endpoint import Request, reply
from orchestrations.triggers.problem import Problem
from shared.model.role import Role
from shared.model.wire import Strict

SWITCH = EntityInstanceId("automation", "switch")


class Switch(Strict):
    """The body of a switch."""

    enabled: bool
    reason: str = Field(min_length=3, max_length=1000)


def show_automation(request: Request) -> func.HttpResponse:
    """Whether anything that changes Azure may start by itself."""
    return reply(_state(request))


def switch_automation(request: Request) -> func.HttpResponse:
    """Switch it; off at once, on with more authority."""
    body = request.body(Switch)
    request.caller.must_be(Role.APPROVER if body.enabled else Role.OPERATOR)
    state = {
        "enabled": body.enabled,
        "reason": body.reason,
        "by": request.caller.name,
        "at": datetime.now(UTC).isoformat(),
    }
    request.client.signal_entity(SWITCH, "set", state)
    for _ in range(50):  # a signal takes a moment; who switches off wants to know that it is off
        if _state(request) == state:
            return reply(state)
        time.sleep(0.1)
    raise Problem(503, "the switch has been sent but not confirmed yet: look again with GET /api/automation")


def _state(request: Request) -> object:
    found = request.client.get_entity(SWITCH)
    return (found.get_typed_state(dict) if found else None) or AUTOMATION_ON
