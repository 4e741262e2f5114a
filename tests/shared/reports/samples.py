"""Runs as they end in life: records that the report tests read and that a person can look at."""

from datetime import UTC, datetime, timedelta
from typing import Any

from shared.model.outcome import Finding
from shared.model.run import Approval, LogEntry, Objective, RunRecord, ServiceObjective, StepRecord
from shared.model.severity import Severity

T0 = datetime(2026, 7, 14, 1, 2, 13, tzinfo=UTC)
ZONE = "Asia/Tokyo"


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def approval(
    who: str, seconds: float, decision: Any = "approve", reason: str = "Region is down, go"
) -> Approval:
    return Approval(
        run_id="r",
        decision=decision,
        approver=who,
        approver_id=f"t/{who}",
        reason=reason,
        decided_at=at(seconds),
    )


def revised(record: RunRecord, **kw: Any) -> RunRecord:
    return RunRecord.model_validate(record.model_dump() | kw)


def step(
    name: str, start: float | None, end: float | None, needs: tuple[str, ...] = (), **kw: Any
) -> StepRecord:
    values: dict[str, Any] = {
        "name": name,
        "action": name,
        "status": "succeeded",
        "attempts": 1 if start is not None else 0,
        "changed": True,
        "needs": needs,
        "started_at": None if start is None else at(start),
        "finished_at": None if end is None else at(end),
    }
    return StepRecord(**(values | kw))


def _plan(scale: float = 1.0) -> tuple[StepRecord, ...]:
    def s(name: str, a: float, b: float, needs: tuple[str, ...] = (), **kw: Any) -> StepRecord:
        return step(name, 95 + a * scale, 95 + b * scale, needs, **kw)

    return (
        s(
            "check_recovery_region",
            0,
            14,
            summary="japanwest answers; quota and capacity suffice",
            changed=False,
        ),
        s(
            "failover_cosmos_db",
            14,
            196,
            ("check_recovery_region",),
            summary="cosmos-contoso writes in japanwest now; it was japaneast",
            services=("chat", "orders"),
        ),
        s(
            "rebuild_search_index",
            14,
            256,
            ("check_recovery_region",),
            attempts=2,
            summary="srch-contoso-west holds 182,340 documents from snapshot and a delta run",
            error="HTTP 503 on PUT /indexes/products: Service Unavailable",
        ),
        s(
            "failover_storage",
            15,
            198,
            ("check_recovery_region",),
            summary="stcontoso fails over to japanwest",
        ),
        s(
            "deploy_container_apps",
            14,
            150,
            ("check_recovery_region",),
            summary="3 apps run in japanwest at 5 replicas each",
        ),
        s(
            "switch_traffic",
            256,
            318,
            ("failover_cosmos_db", "rebuild_search_index", "deploy_container_apps"),
            summary="tm-contoso sends 100 % to japanwest; the TTL of 60 s has passed",
        ),
        s(
            "validate_service",
            318,
            337,
            ("switch_traffic",),
            summary="40 of 40 probes were good",
            changed=False,
        ),
        s(
            "notify_stakeholders",
            337,
            341,
            ("validate_service",),
            critical=False,
            summary="12 people were told",
            changed=False,
        ),
    )


def success(**kw: Any) -> RunRecord:
    values: dict[str, Any] = {
        "run_id": "recovery-region_outage-0198061e7c4d",
        "plan": "region_outage",
        "title": "Recover contoso from the loss of japaneast",
        "kind": "recovery",
        "mode": "real",
        "status": "succeeded",
        "requested_by": "alice@contoso.com",
        "reason": "Japan East has been failing probes since 10:02; Service Health confirms a power event",
        "started_at": at(20),
        "finished_at": at(436),
        "approvals_required": 2,
        "approvals": (
            approval("bob@contoso.com", 58, reason="Confirmed with Microsoft, go"),
            approval("carol@contoso.com", 94, reason="Agreed; customers are affected"),
        ),
        "steps": _plan(),
        "rto": Objective(
            basis="operator",
            ended_by="requests",
            started_at=T0,
            target_seconds=14400,
            measured_seconds=432,
            met=True,
        ),
        "service_rto": (
            ServiceObjective(service="chat", target_seconds=14400, measured_seconds=432, met=True),
            ServiceObjective(service="orders", target_seconds=300, measured_seconds=413, met=False),
            ServiceObjective(service="archive", target_seconds=None, measured_seconds=293, met=None),
        ),
        "rpo": Objective(basis="probe", started_at=T0, target_seconds=900, measured_seconds=41, met=True),
        "service_rpo": (
            ServiceObjective(service="orders", target_seconds=900, measured_seconds=41, met=True),
            ServiceObjective(service="archive", target_seconds=3600, measured_seconds=0, met=True),
        ),
        "log": (
            LogEntry(at=at(58), what="approved", who="bob@contoso.com"),
            LogEntry(at=at(94), what="approved", who="carol@contoso.com"),
            LogEntry(at=at(130), what="an unsigned approval event was ignored"),
        ),
        "findings": (
            Finding(
                check="check_quota_headroom",
                resource="/subscriptions/0000/resourceGroups/rg-contoso-west/providers/Microsoft.App/x/env-west",
                severity=Severity.MEDIUM,
                title="Only 12 cores are left in japanwest",
                evidence={"limit": 100, "used": 88},
                recommendation="Ask for 100 more cores before the next drill.",
            ),
        ),
    }
    return RunRecord(**(values | kw))


def drill() -> RunRecord:
    """As it comes from the simulator at a speed of 30."""
    fast = tuple(
        s.model_copy(
            update={
                "started_at": at(3 + (s.started_at - at(95)).total_seconds() / 30) if s.started_at else None,
                "finished_at": at(3 + (s.finished_at - at(95)).total_seconds() / 30)
                if s.finished_at
                else None,
            }
        )
        for s in _plan()
    )
    return success(
        run_id="drill-dr_drill-0198061e7c4e",
        plan="dr_drill",
        title="Disaster recovery drill: loss of japaneast",
        kind="drill",
        mode="drill",
        steps=fast,
        started_at=at(0.5),
        finished_at=at(14.4),
        approvals=(approval("bob@contoso.com", 1.9), approval("carol@contoso.com", 2.8)),
        rto=Objective(
            basis="request", started_at=at(0.5), target_seconds=14400, measured_seconds=13.9, met=True
        ),
        service_rto=(),
        rpo=None,
        log=(),
        findings=(),
    )


def troubled(**kw: Any) -> RunRecord:
    """A step fails, is tried again, fails, and is skipped by an operator."""
    steps = list(_plan())
    steps[2] = step(
        "rebuild_search_index",
        109,
        600,
        ("check_recovery_region",),
        status="skipped",
        attempts=6,
        failures=2,
        changed=False,
        error="AzureCallFailed: PUT /indexes/products on srch-contoso-west: HTTP 503: the service is busy; "
        "x-ms-request-id 7f3c1a52-77f6-4a6e-9be7-0d9d6d1f0c11",
    )
    steps[5] = step("switch_traffic", 600, 661, steps[5].needs, summary="tm-contoso sends 100 % to japanwest")
    steps[6] = step(
        "validate_service", 661, 690, ("switch_traffic",), attempts=2, summary="38 of 40 probes were good"
    )
    steps[7] = step(
        "notify_stakeholders",
        690,
        702,
        ("validate_service",),
        status="failed",
        critical=False,
        attempts=3,
        failures=1,
        changed=False,
        error="the mail service answered HTTP 429 three times",
    )
    values: dict[str, Any] = {
        "steps": tuple(steps),
        "finished_at": at(702),
        "rto": Objective(
            basis="operator", started_at=T0, target_seconds=600, measured_seconds=690, met=False
        ),
        "service_rto": (
            ServiceObjective(service="chat", target_seconds=600, measured_seconds=690, met=False),
            ServiceObjective(service="search", target_seconds=3600, measured_seconds=None, met=None),
        ),
        "rpo": None,
        "log": (
            LogEntry(
                at=at(240), what="rebuild_search_index failed after 3 attempts; waiting for an operator"
            ),
            LogEntry(
                at=at(320), what="rebuild_search_index: retry, the replica is back", who="carol@contoso.com"
            ),
            LogEntry(
                at=at(470), what="rebuild_search_index failed after 3 attempts; waiting for an operator"
            ),
            LogEntry(
                at=at(600), what="rebuild_search_index: skip, chat works without it", who="erin@contoso.com"
            ),
        ),
    }
    return success(**(values | kw))


def failed() -> RunRecord:
    steps = list(_plan())
    steps[1] = step(
        "failover_cosmos_db",
        109,
        291,
        ("check_recovery_region",),
        status="failed",
        attempts=3,
        failures=1,
        changed=False,
        error="failoverPriorityChange: HTTP 412: the account is locked by policy 'deny-failover'",
    )
    steps[5:] = [
        step(s.name, None, None, s.needs, status="pending", changed=False, summary="") for s in steps[5:]
    ]
    return success(
        status="failed",
        status_reason="failover_cosmos_db is critical and could not be carried out",
        steps=tuple(steps),
        finished_at=at(400),
        rto=Objective(basis="operator", started_at=T0, target_seconds=14400),
        service_rto=(),
        rpo=None,
        findings=(),
    )


def rejected() -> RunRecord:
    return success(
        status="rejected",
        status_reason="Rejected by an approver",
        approvals=(
            approval("bob@contoso.com", 58),
            approval(
                "carol@contoso.com", 260, "reject", "Microsoft expects recovery within 10 minutes; wait"
            ),
        ),
        steps=tuple(step(s.name, None, None, s.needs, status="pending", changed=False) for s in _plan()),
        finished_at=at(261),
        rto=Objective(basis="operator", started_at=T0, target_seconds=14400),
        service_rto=(),
        rpo=None,
        findings=(),
        log=(),
    )


def running() -> RunRecord:
    steps = list(_plan())
    steps[2] = step(
        "rebuild_search_index", 109, None, ("check_recovery_region",), status="running", summary=""
    )
    steps[5:] = [
        step(s.name, None, None, s.needs, status="pending", changed=False, summary="") for s in steps[5:]
    ]
    return success(
        status="running",
        steps=tuple(steps),
        finished_at=None,
        rto=Objective(basis="operator", started_at=T0, target_seconds=14400),
        service_rto=(),
        rpo=None,
    )


def awaiting_operator() -> RunRecord:
    steps = list(running().steps)
    steps[2] = StepRecord.model_validate(
        steps[2].model_dump()
        | {"status": "waiting_for_operator", "attempts": 3, "failures": 1, "error": "HTTP 503: busy"}
    )
    entry = LogEntry(at=at(240), what="rebuild_search_index failed after 3 attempts; waiting for an operator")
    return revised(running(), status="waiting_for_operator", steps=tuple(steps), log=(entry,))


def awaiting_approval() -> RunRecord:
    return revised(
        rejected(),
        status="waiting_for_approval",
        status_reason="",
        finished_at=None,
        approvals=(approval("bob@contoso.com", 58),),
    )


def forty_steps() -> RunRecord:
    steps = [step("prepare_the_recovery_region_for_everything_that_follows", 95, 110)]
    for n in range(1, 39):
        need = steps[-1].name if n % 5 else steps[0].name
        begin = (steps[-1].finished_at - T0).total_seconds() if n % 5 and steps[-1].finished_at else 110
        steps.append(
            step(f"restore_service_{n:02d}", begin, begin + 20 + 7 * (n % 7), (need,), summary="Restored")
        )
    steps.append(step("validate_everything", 420, 432, tuple(s.name for s in steps[-6:])))
    return success(steps=tuple(steps))


def maintenance() -> RunRecord:
    return success(
        run_id="maintenance-monthly-20260701T0300",
        plan="monthly",
        title="Monthly maintenance",
        kind="maintenance",
        requested_by="system:schedule/monthly",
        reason="Scheduled",
        approvals_required=0,
        approvals=(),
        steps=(
            step(
                "check_certificate_expiry",
                21,
                24,
                summary="2 certificates; one expires in 20 days",
                changed=False,
            ),
            step("rotate_keys", 24, 40, ("check_certificate_expiry",), summary="3 keys were rotated"),
        ),
        finished_at=at(41),
        rto=Objective(basis="request", started_at=at(20)),
        service_rto=(),
        rpo=None,
        log=(),
    )


SAMPLES = {
    "success": success(),
    "drill": drill(),
    "troubled": troubled(),
    "failed": failed(),
    "rejected": rejected(),
    "running": running(),
    "awaiting_operator": awaiting_operator(),
    "awaiting_approval": awaiting_approval(),
    "forty_steps": forty_steps(),
    "maintenance": maintenance(),
    "empty": revised(rejected(), steps=(), approvals=(), approvals_required=0),
}
