"""Small atomic state: who works on a service, whether automation is on, which incidents are open."""

from typing import Any

from durabletask.entities import EntityContext

from shared.model.incident_id import incident_id
from shared.model.severity import Severity
from shared.model.wire import Wire
from shared.planners.guardrails import admitted, given_back


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


def automation(ctx: EntityContext, payload: Any = None) -> Any:  # noqa: ANN401 - Durable's entity protocol
    """The kill switch: whether anything that changes Azure may start by itself."""
    state: Wire = ctx.get_state(dict, AUTOMATION_ON)
    if ctx.operation == "set" and isinstance(payload, dict) and payload.keys() == AUTOMATION_ON.keys():
        state = payload
        ctx.set_state(state)
    return state


def guardrails(ctx: EntityContext, payload: Any = None) -> Any:  # noqa: ANN401 - Durable's entity protocol
    """What automation has changed lately. `admit` answers why a step may not begin, or nothing."""
    state: Wire = ctx.get_state(dict, {})
    match ctx.operation:
        case "admit":
            refusal, state = admitted(state, payload)
            ctx.set_state(state)
            return refusal
        case "give_back":
            ctx.set_state(given_back(state, payload))
            return ""
        case _:
            return state


def endpoint_health(ctx: EntityContext, payload: Any = None) -> Any:  # noqa: ANN401 - Durable's entity protocol
    """How often in a row each endpoint has failed; `shared.planners.endpoint_health` counts."""
    state: Wire = ctx.get_state(dict, {})
    if ctx.operation == "keep" and isinstance(payload, dict):
        state = payload
        ctx.set_state(state)
    return state


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


def open_incident(ctx: EntityContext, payload: Any = None) -> Any:  # noqa: ANN401 - Durable's entity protocol
    """The one open incident of a cause, by fingerprint, and what its alert rule has said.

    `report` takes an alert: the first that fires opens the next generation and starts its orchestration in the same
    step, so nothing lies between knowing of an incident and handling it. `digest` says what has been reported.
    `close` lets the next alert open another incident; with `heard`, what the incident knows, only if that is all.
    """
    state: Wire = {**NO_INCIDENT, **ctx.get_state(dict, {})}
    match ctx.operation:
        case "report":
            opens, state = reported(state, payload)
            if opens:
                incident = incident_id(ctx.entity_id.key, state["generation"])
                order = {
                    "incident_id": incident,
                    "generation": state["generation"],
                    "alert": payload["alert"],
                }
                ctx.schedule_new_orchestration("handle_incident", order, incident)
            ctx.set_state(state)
            return state
        case "close" if payload["generation"] == state["generation"]:
            if heard_all(state, payload.get("heard", {})):
                state = {**state, "open": False}
                ctx.set_state(state)
        case _:
            pass
    return {name: state[name] for name in ("generation", "open", "signals")}


def reported(state: Wire, report: Wire) -> tuple[bool, Wire]:
    """Whether an alert opens an incident, and what is known of its cause after it.

    Known alerts (`seen`) and those that are older than the latest change count as repeats, so that neither
    duplicates nor reordering nor what comes late changes anything. An alert that fired before the last incident's
    latest one, and comes after that incident has closed, belonged to it.
    """
    alert: Wire = report["alert"]
    seen, condition, at = report["seen_as"], alert["condition"], report["at"]
    signals: Wire = {**state["signals"], "severity": worse(state["signals"]["severity"], alert["severity"])}
    if seen in state["seen"]:
        return False, {**state, "signals": {**signals, "repeats": signals["repeats"] + 1}}
    known = [*state["seen"], seen][-SEEN_ALERTS:]
    latest = state["latest"]
    if not state["open"]:
        if condition != "fired":
            return False, {**state, "seen": known, "over": max(state["over"], at)}
        if at <= latest:
            return False, {**state, "seen": known}
        # Its end may have come before it.
        over = state["over"] > at
        said = {
            "fired": 1,
            "resolved": int(over),
            "changes": int(over),
            "at": alert["fired_at"],
            "since": alert.get("measured_since"),
        }
        said["severity"] = alert["severity"]
        return True, {
            **state,
            "generation": state["generation"] + 1,
            "open": True,
            "seen": known,
            "signals": {**said, "repeats": 0, "condition": "resolved" if over else "fired"},
            "latest": max(at, state["over"]),
        }
    signals[condition] += 1
    if at > latest or (at == latest and condition == "resolved"):
        if signals["condition"] != condition:
            signals["changes"] += 1
        signals |= {"condition": condition, "at": alert["resolved_at"] or alert["fired_at"]}
        if condition == "fired":
            signals["since"] = alert.get("measured_since")
    return False, {**state, "seen": known, "signals": signals, "latest": max(latest, at)}


def heard_all(state: Wire, heard: Wire) -> bool:
    """Whether an incident that has heard this much (counts of `signals`) knows all that alerts have said."""
    return all(state["signals"][name] == count for name, count in heard.items())


def worse(one: str, other: str) -> str:
    """The graver of two severities."""
    return min(one, other, key=lambda found: Severity(found).rank)


SEEN_ALERTS = 500
"""How many alerts of a cause are remembered; the time of the latest one sorts out what is older still."""

NO_INCIDENT: Wire = {
    "generation": 0,
    "open": False,
    "seen": [],
    "signals": {
        "fired": 0,
        "resolved": 0,
        "repeats": 0,
        "changes": 0,
        "condition": "fired",
        "at": None,
        "since": None,
        "severity": "informational",
    },
    "latest": 0.0,
    "over": 0.0,
}
