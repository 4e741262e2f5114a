"""Gives Cosmos DB containers the throughput that they lack, and proves that it was enough."""

from typing import Any

from pydantic import Field

from shared.actions.action import Call, action
from shared.actions.proof import Proof, proven
from shared.errors import CheckFailed
from shared.model.outcome import Outcome, Pending
from shared.model.throughput import Throughput
from shared.model.wire import Frozen
from shared.planners.throughput import CAP, FLOOR, allowed


class Container(Frozen):
    """A container by its id, and what proves that it has enough."""

    container_id: str
    proof: Proof | None = None


class Params(Frozen):
    """What to scale: to `target` RU/s, else by `factor` of what a container has, within `floor` and `cap`.

    Of an autoscale container the maximum is meant.
    """

    containers: tuple[Container, ...] = Field(min_length=1)
    target: int | None = None
    factor: float = Field(default=2.0, gt=0)
    cap: int = CAP
    floor: int = FLOOR


def observe(params: Params, call: Call) -> dict[str, Any]:
    """What each container has, and whether its proof holds already: then it is left alone."""
    found: dict[str, Any] = {}
    for one in params.containers:
        has = _throughput(one.container_id, call)
        well = one.proof is not None and not one.proof.broken(call)
        found[one.container_id] = {"throughput": has.to_wire(), "well": well}
    return found


@action(changes=True, observe=observe)
def scale_cosmos_throughput(params: Params, call: Call) -> Outcome | Pending:
    """Sets the throughput of Cosmos DB containers, manual and autoscale each in its own steps and minimum.

    A container is never migrated from one mode to the other. What each had is observed once, so that a factor means
    the same on every attempt.
    """
    if call.operation_running():
        return call.waiting_for(None, "throughput is being changed", begun=call.begun)
    done: list[str] = []
    evidence: dict[str, Any] = {}
    for one in params.containers:
        seen: dict[str, Any] = call.before[one.container_id]
        if seen["well"]:
            continue
        name = one.container_id.rsplit("/", 1)[-1]
        had, has = Throughput.from_wire(seen["throughput"]), _throughput(one.container_id, call)
        wanted = _wanted(params, had, name)
        if has.mode != had.mode:
            raise CheckFailed(f"{name} was migrated to {has.mode} meanwhile: look at it, then retry")
        if has.changing:
            return call.waiting_for(None, f"{name}: Azure is still at its throughput", begun=call.begun)
        if has.ru != wanted:
            operation = call.azure.throughput.set(one.container_id, has, wanted)
            return call.waiting_for(operation, f"{name} gets {wanted} RU/s ({has.mode})")
        done.append(f"{name} has {wanted} RU/s, it had {had.ru} ({has.mode})")
        evidence[one.container_id] = {"before": had.to_wire(), "after": has.to_wire()}
    if not done:
        return Outcome(summary="every container has throughput enough already: nothing was done")
    outcome = Outcome(summary="; ".join(done), changed=call.begun, evidence=evidence)
    conditions = tuple(
        condition
        for one in params.containers
        if one.proof is not None and one.container_id in evidence
        for condition in one.proof.conditions
    )
    proof = next((one.proof for one in params.containers if one.proof is not None), None)
    return proven(proof and proof.model_copy(update={"conditions": conditions}), call, outcome)


def _wanted(params: Params, had: Throughput, name: str) -> int:
    target = params.target if params.target is not None else had.ru * params.factor
    wanted = allowed(target, had, cap=params.cap, floor=params.floor)
    if wanted <= had.ru < target:
        raise CheckFailed(
            f"{name} has {had.ru} RU/s ({had.mode}), and may have {params.cap} at most: raise the cap, or find out "
            "which tenant drives it (find_noisy_neighbour)"
        )
    return wanted


def _throughput(container_id: str, call: Call) -> Throughput:
    found = call.azure.throughput.of(container_id)
    if found is None:
        raise CheckFailed(
            f"{container_id} has no throughput of its own: it is gone, shares that of its database, or is serverless"
        )
    return found
