"""The entity that keeps silences, those that are over too: who said what, and why."""

from typing import Any

from durabletask.entities import EntityContext, EntityInstanceId

from shared.model.wire import Wire

SILENCES = EntityInstanceId("silences", "all")
KEPT = 200
"""How many are remembered; the ones that were over first are forgotten first."""


def silences(ctx: EntityContext, payload: Any = None) -> Any:  # noqa: ANN401 - Durable's entity protocol
    """All silences by id. `put` keeps one, made or ended; they are signed, and readers check that.

    Who hears of it is set going in the same step, so nothing lies between a silence's end and those who wait for it.
    """
    state: dict[str, Wire] = ctx.get_state(dict, {})
    if ctx.operation == "put" and isinstance(payload, dict) and isinstance(payload.get("id"), str):
        state = {**state, payload["id"]: payload}
        ctx.schedule_new_orchestration("tell_of_silence", payload)
        latest = sorted(state.values(), key=lambda one: str(one.get("expires_at")), reverse=True)[:KEPT]
        state = {one["id"]: one for one in latest}
        ctx.set_state(state)
    return state
