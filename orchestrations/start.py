"""Starts runs: the one place where a plan becomes a signed request, whoever asked for it."""

import secrets
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

import azure.durable_functions as df
from durabletask.entities import EntityInstanceId

from shared.model.estate import Estate
from shared.model.plan import Mode, Plan
from shared.model.run import Blackout, Guard, RunLimits, RunRequest
from shared.runtime import Runtime

type RtoBasis = Literal["operator", "service_health", "probe", "alert", "request"]


class Requester(NamedTuple):
    """Who wants a run: a person, or `system:...` for timers and alerts."""

    id: str
    name: str


def start_run(client: df.SyncDurableFunctionsClient, signed: RunRequest) -> str:
    """Schedule a signed request; returns the run id."""
    client.schedule_new_orchestration("run_plan", input=signed.to_wire(), instance_id=signed.run_id)
    return signed.run_id


def signed_request(
    world: Runtime,
    plan: Plan,
    *,
    mode: Mode,
    requester: Requester,
    reason: str,
    outage_started_at: datetime | None = None,
    rto_basis: RtoBasis = "request",
    parameters: dict[str, Any] | None = None,
    run_id: str | None = None,
) -> RunRequest:
    """What `run_plan` takes: the concrete plan with everything that it needs, signed for this very run."""
    now = datetime.now(UTC)
    limits = world.estate.limits
    request = RunRequest(
        run_id=run_id or new_run_id(plan, now),
        plan=plan,
        mode=mode,
        requested_by=requester.name,
        requester_id=requester.id,
        reason=reason,
        requested_at=now,
        outage_started_at=outage_started_at,
        rto_basis=rto_basis,
        parameters=parameters or {},
        limits=RunLimits(
            poll_seconds=world.settings.poll_seconds,
            retry_scale=world.settings.retry_scale,
            page_again_seconds=limits.page_again_after.total_seconds(),
            step_deadline_seconds=limits.step_deadline.total_seconds(),
            guard=_guard(world.estate, now),
        ),
    )
    return world.signer.sign_request(request)


def _guard(estate: Estate, now: datetime) -> Guard:
    limits = estate.limits
    totals = {"tenant": len(estate.tenants), "service": len(estate.services)}
    return Guard(
        cool_down_seconds=limits.cool_down.total_seconds(),
        cool_downs={action: wait.total_seconds() for action, wait in limits.cool_downs.items()},
        changes_per_hour=limits.changes_per_hour,
        at_once={kind: max(1, int(total * limits.blast_radius)) for kind, total in totals.items()},
        blackouts=tuple(
            Blackout(begins=one.begins, ends=one.ends, reason=one.reason)
            for one in estate.blackouts
            if one.ends > now
        ),
    )


def new_run_id(plan: Plan, now: datetime) -> str:
    """Never used again: time, then chance. Durable finds runs by the front part."""
    return f"{plan.kind}-{plan.name}-{now:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"


def run_in_the_way(client: df.SyncDurableFunctionsClient, plan: Plan) -> str:
    """The run that works on one of the plan's services now, or nothing. The interpreter claims for good."""
    for service in plan.services:
        held = client.get_entity(EntityInstanceId("service_claim", service))
        holder = held.get_typed_state(str) if held is not None else None
        if holder and not is_over(client, holder):
            return holder
    return ""


def is_over(client: df.SyncDurableFunctionsClient, run_id: str) -> bool:
    """Whether a run has ended, in whatever way; one that was purged has."""
    state = client.get_orchestration_state(run_id, fetch_payloads=False)
    return state is None or state.runtime_status.name in {"COMPLETED", "FAILED", "TERMINATED"}
