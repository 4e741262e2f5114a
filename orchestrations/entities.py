"""Small atomic state: who works on a service, whether automation is on, which incidents are open."""

from typing import Any

from durabletask.entities import EntityContext

from orchestrations.app import app
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
    if ctx.operation == "set":
        state = payload
        ctx.set_state(state)
    return state


AUTOMATION_ON: Wire = {"enabled": True, "reason": "never switched off", "by": "", "at": None}


@app.entity_trigger(context_name="context", entity_name="open_incident")
def open_incident(ctx: EntityContext, payload: Any = None) -> Any:  # noqa: ANN401 - Durable's entity protocol
    """The one open incident of a cause. `report` answers its id and whether it is new."""
    state: Wire = ctx.get_state(dict, {"generation": 0, "open": False, "alerts": []})
    match ctx.operation:
        case "report":
            new = not state["open"] and payload["condition"] == "fired"
            repeated = payload["alert_id"] in state["alerts"] and not new
            if new:
                state = {"generation": state["generation"] + 1, "open": True, "alerts": []}
            if not repeated:
                state = {**state, "alerts": [*state["alerts"], payload["alert_id"]][-50:]}
            ctx.set_state(state)
            return {
                "generation": state["generation"],
                "new": new,
                "repeated": repeated,
                "open": state["open"],
            }
        case "close":
            if state["generation"] == payload["generation"]:
                state = {**state, "open": False}
                ctx.set_state(state)
            return state
        case _:
            return state
