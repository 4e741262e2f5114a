"""Gives a Cosmos DB container the throughput that its load of the last hour asks for."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from shared.actions.action import Call, action
from shared.errors import CheckFailed
from shared.model.outcome import Outcome, Pending
from shared.model.throughput import Throughput, ThroughputRange
from shared.model.wire import Frozen
from shared.planners.cosmos_autoscale import LOOK_BACK, Decision, Minute, decide, settled_since

NAMESPACE = "Microsoft.DocumentDB/databaseAccounts"
PROVISIONED = {"manual": "ProvisionedThroughput", "autoscale": "AutoscaleMaxThroughput"}
"""The metric that tells what a container had, and its shortest grain."""
PROVISIONED_EVERY = timedelta(minutes=5)


class Params(Frozen):
    """The container, by account and id, and the RU/s between which it is scaled; of autoscale the maximum."""

    account_id: str
    database: str
    container: str
    limits: ThroughputRange

    @property
    def container_id(self) -> str:
        """The container's resource id."""
        return f"{self.account_id}/sqlDatabases/{self.database}/containers/{self.container}"


def observe(params: Params, call: Call) -> dict[str, Any]:
    """What the container has, what it used, and what is to be done about it."""
    has = call.azure.throughput.of(params.container_id)
    if has is None:
        why = f"{params.container} has no throughput of its own: nothing to scale"
        return {"act": False, "ru": 0, "mode": "manual", "target": 0, "why": why}
    found = _decision(params, has, call)
    return {"act": found.ru != has.ru, "ru": has.ru, "mode": has.mode, "target": found.ru, "why": found.why}


@action(changes=True, observe=observe, looks_first=True)
def autoscale_cosmos(params: Params, call: Call) -> Outcome | Pending:
    """Doubles a Cosmos DB container's throughput when its load has lasted, halves it when quiet has (seed 000: 6.1.1).

    What was decided is decided once; a container that somebody else has changed since then is left alone.
    """
    name, before = params.container, call.before
    had, target = int(before["ru"]), int(before["target"])
    if not before["act"]:
        return Outcome(summary=f"{name} keeps {had} RU/s: {before['why']}" if had else before["why"])
    if call.operation_running():
        return call.waiting_for(None, f"{name} gets {target} RU/s", begun=call.begun)
    has = call.azure.throughput.of(params.container_id)
    if has is None:
        raise CheckFailed(f"{params.container_id} is gone, or shares the throughput of its database now")
    if has.changing:
        return call.waiting_for(None, f"{name}: Azure is still at its throughput", begun=call.begun)
    if has.ru == target and has.mode == before["mode"]:
        return Outcome(
            summary=f"{name} has {target} RU/s, it had {had} ({has.mode}): {before['why']}",
            changed=call.begun,
            evidence=dict(before),
        )
    if (has.ru, has.mode) != (had, before["mode"]):
        return Outcome(summary=f"{name} was given {has.ru} RU/s ({has.mode}) meanwhile: it is left alone")
    operation = call.azure.throughput.set(params.container_id, has, target)
    return call.waiting_for(operation, f"{name} gets {target} RU/s ({has.mode}): {before['why']}")


def _decision(params: Params, has: Throughput, call: Call) -> Decision:
    provisioned = _measured(params, call, PROVISIONED[has.mode], PROVISIONED_EVERY)
    return decide(
        has,
        params.limits,
        _measured(params, call, "NormalizedRUConsumption", timedelta(minutes=1)),
        changed_at=settled_since(provisioned, has.ru, every=PROVISIONED_EVERY, now=call.now),
        now=call.now,
    )


def _measured(params: Params, call: Call, metric: str, every: timedelta) -> Iterator[Minute]:
    found = call.azure.metrics.series(
        [params.account_id],
        NAMESPACE,
        metric,
        aggregation="Maximum",
        since=call.now - LOOK_BACK,
        until=call.now,
        every=every,
        split_by="CollectionName",
    )[params.account_id]
    for series in found:
        if params.container.lower() in {one.lower() for one in series.dimensions.values()}:
            yield from ((point.at, point.value) for point in series.points)
