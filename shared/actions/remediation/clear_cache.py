"""Empties the Redis caches of a service, and proves that it helped."""

from datetime import timedelta
from typing import Any

from shared.actions.action import Call, action
from shared.actions.proof import Proof, proven, well_already
from shared.errors import CheckFailed
from shared.gateways.redis import Cache
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen

LOOK_BACK = timedelta(hours=1)


class Params(Frozen):
    """The caches by their resource ids."""

    caches: tuple[str, ...]
    proof: Proof | None = None


def observe(params: Params, call: Call) -> dict[str, Any]:
    """When each cache was flushed within the last hour, as the activity log has it, and since when that was asked."""
    since = (call.now - LOOK_BACK).isoformat()
    return {"since": since, "flushes": {one: list(_flushes(one, since, call)) for one in params.caches}}


@action(changes=True, observe=observe)
def clear_cache(params: Params, call: Call) -> Outcome | Pending:
    """Flushes every Redis cache that has not been flushed since it was observed, one after the other.

    A flush takes no key; that it has happened stands in the activity log. Azure enters it within minutes: an attempt
    that lost its answer before that flushes once more, which costs what was cached in between. The cache fills from
    the stores behind it, so they are asked for more until then.
    """
    if (ended := well_already(params.proof, call)) is not None:
        return ended
    state = call.operation_state()
    begun: list[str] = list(call.progress.get("flushed", []))
    void: list[str] = list(call.progress.get("void", []))
    if state == "failed":  # the activity log has it all the same
        void += _flushes(begun.pop(), str(call.before["since"]), call)
    for cache_id in params.caches:
        name = cache_id.rsplit("/", 1)[-1]
        cache = _cache(cache_id, call)
        if state == "running" or cache.busy:
            return call.waiting_for(None, f"{name} is being flushed", begun=call.begun)
        observed = call.before["flushes"].get(cache_id, [])
        if cache_id in begun or set(_flushes(cache_id, str(call.before["since"]), call)) - {*observed, *void}:
            continue
        operation = call.azure.redis.flush(cache)
        return call.waiting_for(operation, f"{name} is being flushed", flushed=[*begun, cache_id], void=void)
    names = ", ".join(one.rsplit("/", 1)[-1] for one in params.caches)
    return proven(params.proof, call, Outcome(summary=f"{names} is empty", changed=call.begun))


def _cache(cache_id: str, call: Call) -> Cache:
    cache = call.azure.redis.cache(cache_id)
    if cache is None:
        raise CheckFailed(f"{cache_id} does not exist: correct `caches` of the service in the estate")
    return cache


def _flushes(cache_id: str, since: str, call: Call) -> tuple[str, ...]:
    """When it was flushed: each event's own time, which no other flush has."""
    return call.azure.activity_log.of(cache_id, "flush", since)
