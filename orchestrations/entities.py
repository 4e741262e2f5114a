"""Small atomic state: who works on a service, whether automation is on, which incidents are open."""

from typing import Any

from durabletask.entities import EntityContext

from orchestrations.app import app
from shared.model.incident_id import incident_id
from shared.model.wire import Wire


@app.entity_trigger(context_name="context", entity_name="service_claim")
def service_claim(ctx: EntityContext, payload: Any = None) -> Any:  # noqa: ANN401 - Durable's entity protocol
    """Which run works on a service. `claim` answers who holds it now; one run at a time."""
    holder: str = ctx.get_state(str, "")
    match ctx.operation:
        case "claim":
            if holder in {"", payload["run_id"], payload.get("instead_of", "")}:
                holder = payload["run_id"]
                ctx.set_state(holder)
            return holder
        case "release":
            if holder == payload["run_id"]:
                ctx.set_state("")
            return ""
        case _:
            return holder


@app.entity_trigger(context_name="context", entity_name="automation")
def automation(ctx: EntityContext, payload: Any = None) -> Any:  # noqa: ANN401 - Durable's entity protocol
    """The kill switch: whether anything that changes Azure may start by itself."""
    state: Wire = ctx.get_state(dict, AUTOMATION_ON)
    if ctx.operation == "set" and isinstance(payload, dict) and payload.keys() == AUTOMATION_ON.keys():
        state = payload
        ctx.set_state(state)
    return state


@app.entity_trigger(context_name="context", entity_name="run_starts")
def run_starts(ctx: EntityContext, payload: Any = None) -> Any:  # noqa: ANN401 - Durable's entity protocol
    """Which runs of a plan have begun lately: a signed start counts once, even if somebody sends it again.

    `begin` answers whether the run may: it is new, or it is the very one that asked before.
    """
    begun: dict[str, float] = ctx.get_state(dict, {})
    if ctx.operation != "begin":
        return begun
    begun = {run_id: at for run_id, at in begun.items() if at > payload["at"] - STARTS_REMEMBERED}
    mine = begun.setdefault(payload["run_id"], payload["at"])
    ctx.set_state(begun)
    return mine == payload["at"]


@app.entity_trigger(context_name="context", entity_name="review")
def review(ctx: EntityContext, payload: Any = None) -> Any:  # noqa: ANN401 - Durable's entity protocol
    """The review of a run that one person approved alone: the first one counts. It is signed; readers check that."""
    kept: Wire = ctx.get_state(dict, {})
    if ctx.operation == "close" and not kept and isinstance(payload, dict):
        kept = payload
        ctx.set_state(kept)
    return kept


STARTS_REMEMBERED = 4 * 3600.0
"""Seconds; longer than a signed start is good for."""


AUTOMATION_ON: Wire = {"enabled": True, "reason": "never switched off", "by": "", "at": None}


@app.entity_trigger(context_name="context", entity_name="open_incident")
def open_incident(ctx: EntityContext, payload: Any = None) -> Any:  # noqa: ANN401 - Durable's entity protocol
    """The one open incident of a cause, by fingerprint.

    `report` takes an alert: the first that fires opens the next generation and starts its orchestration in the same
    step, so nothing lies between knowing of an incident and handling it. `close` lets the next alert open another.
    """
    state: Wire = ctx.get_state(dict, {"generation": 0, "open": False, "seen": {}})
    match ctx.operation:
        case "report":
            seen = f"{payload['id']}/{payload['condition']}"
            if seen in state["seen"]:
                return state
            if not state["open"] and payload["condition"] == "fired":
                number = state["generation"] + 1
                incident = incident_id(ctx.entity_id.key, number)
                state = {
                    "generation": number,
                    "open": True,
                    "seen": _recent(state["seen"], seen, opened=True),
                }
                order = {"incident_id": incident, "generation": number, "alert": payload}
                ctx.schedule_new_orchestration("handle_incident", order, incident)
            else:
                state = {**state, "seen": _recent(state["seen"], seen, opened=False)}
            ctx.set_state(state)
        case "close" if payload["generation"] == state["generation"]:
            state = {**state, "open": False}
            ctx.set_state(state)
        case _:
            pass
    return state


def _recent(seen: Wire, alert: str, *, opened: bool) -> Wire:
    return dict([*seen.items(), (alert, opened)][-SEEN_ALERTS:])


SEEN_ALERTS = 100
"""How many alerts of a cause are remembered, each with whether it opened the incident."""
