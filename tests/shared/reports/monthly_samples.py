"""Months as they end in life: reports that the tests of the operations report read and a person can look at."""

from datetime import UTC, date, datetime, timedelta
from itertools import cycle
from typing import Any

from shared.model.estate import ServiceLevels
from shared.model.incident import Remediation
from shared.model.monthly import (
    Costs,
    Day,
    IncidentOfMonth,
    MonthlyReport,
    OutsideTest,
    ReadinessPoint,
    RunOfMonth,
    SecurityAlert,
    ServiceCost,
    TenantMonth,
)
from shared.model.readiness import PlanReadiness, Readiness
from shared.model.run import Objective
from shared.model.severity import Severity

ZONE = "Asia/Tokyo"
SINCE = datetime(2026, 9, 30, 15, tzinfo=UTC)
UNTIL = datetime(2026, 10, 31, 15, tzinfo=UTC)
PLANS = (
    "region_outage",
    "cosmos_db_outage",
    "search_outage",
    "storage_outage",
    "key_vault_outage",
    "model_outage",
    "data_corruption",
    "ransomware",
    "network_outage",
)


def at(day: int, hour: int = 3, minute: int = 0) -> datetime:
    """A moment of October 2026 in UTC."""
    return datetime(2026, 10, day, hour, minute, tzinfo=UTC)


def report(**kw: Any) -> MonthlyReport:
    values: dict[str, Any] = {
        "estate": "contoso",
        "title": "Contoso Agents",
        "month": "2026-10",
        "time_zone": ZONE,
        "since": SINCE,
        "until": UNTIL,
        "made_at": UNTIL + timedelta(hours=1),
        "run_id": "maintenance-monthly_report-2026-10",
        "levels": ServiceLevels(),
    }
    return MonthlyReport(**(values | kw))


def days(
    failed: dict[int, int], quiet: tuple[int, ...] = (), last: int = 31, asked: int = 41_300
) -> tuple[Day, ...]:
    """A month of days that are each asked about as much; `quiet` ones are not asked at all."""
    return tuple(
        Day(day=date(2026, 10, n), requests=asked + 613 * (n % 7), failed=failed.get(n, 3 * (n % 4)))
        for n in range(1, last + 1)
        if n not in quiet
    )


def run(name: str, title: str, day: int, measured: float | None, **kw: Any) -> RunOfMonth:
    target = kw.pop("target", 14_400.0)
    met = None if measured is None else measured <= target
    values: dict[str, Any] = {
        "run_id": f"run-{name}-{day}",
        "plan": name,
        "title": title,
        "kind": "drill",
        "mode": "drill",
        "status": "succeeded",
        "started_at": at(day),
        "finished_at": at(day, 4),
        "rto": Objective(
            basis="request", started_at=at(day), target_seconds=target, measured_seconds=measured, met=met
        ),
    }
    return RunOfMonth(**(values | kw))


def loss(measured: float, target: float = 300.0) -> Objective:
    return Objective(
        basis="replication",
        started_at=at(1),
        target_seconds=target,
        measured_seconds=measured,
        met=measured <= target,
    )


def incident(n: int, rule: str, severity: Severity, **kw: Any) -> IncidentOfMonth:
    opened = at(1 + n % 30, n % 23, n % 60)
    values: dict[str, Any] = {
        "id": f"inc-{n:04}",
        "rule": rule,
        "severity": severity,
        "service": "chat",
        "opened_at": opened,
        "acknowledged_at": opened + timedelta(minutes=2 + n % 5),
        "closed_at": opened + timedelta(minutes=21 + 7 * (n % 9)),
        "closed_by": "alice@contoso.com",
        "close_reason": "Latency is back to normal after two replicas more",
    }
    return IncidentOfMonth(**(values | kw))


def plan(name: str, score: int = 100, *reasons: str) -> PlanReadiness:
    verdict = "ready" if score > 90 else "at_risk" if score > 50 else "not_ready"
    return PlanReadiness(plan=name, kind="recovery", verdict=verdict, score=score, reasons=reasons)


def readiness(*worse: PlanReadiness) -> Readiness:
    named = {one.plan: one for one in worse}
    return Readiness(checked_at=at(31, 4), plans=tuple(named.get(name) or plan(name) for name in PLANS))


def trend(last: int = 31, **scores: tuple[int, int, int]) -> tuple[ReadinessPoint, ...]:
    """Each plan at 100, but those that are named: `(before, from that day, after)`."""

    def score(name: str, day: int) -> int:
        before, since, after = scores.get(name, (100, 1, 100))
        return after if day >= since else before

    return tuple(
        ReadinessPoint(checked_at=at(day, 4), scores={name: score(name, day) for name in PLANS})
        for day in range(1, last + 1)
        if day != 12
    )


COSTS = Costs(
    currency="EUR",
    services=(
        ServiceCost(service="Azure OpenAI", cost=18_420.55, before=17_002.1),
        ServiceCost(service="Azure Cosmos DB", cost=6_310.2, before=6_288.4),
        ServiceCost(service="Azure AI Search", cost=4_105.0, before=4_105.0),
        ServiceCost(service="Azure Container Apps", cost=2_240.71, before=2_510.3),
        ServiceCost(service="Storage", cost=610.4, before=598.2),
        ServiceCost(service="Key Vault", cost=12.31, before=12.02),
    ),
)
OUTSIDE = (
    OutsideTest(test="chat from Tokyo", requests=8_928, failed=2),
    OutsideTest(test="orders", requests=8_928, failed=0),
)


def good() -> MonthlyReport:
    return report(
        tenants=(
            TenantMonth(
                tenant="contoso", requests=812_345, failed=201, refused=1_204, p50_ms=412, p95_ms=1_630
            ),
            TenantMonth(
                tenant="fabrikam", requests=301_220, failed=88, refused=310, p50_ms=388, p95_ms=1_211
            ),
            TenantMonth(tenant="tailspin", requests=214_080, failed=0, refused=12, p50_ms=350, p95_ms=902),
        ),
        outside=OUTSIDE,
        days=days({9: 30}),
        runs=(run("region_outage", "Drill of a region outage", 14, 417, rpo=loss(12)),),
        incidents=(
            incident(4, "High latency", Severity.MEDIUM, remediation=Remediation.HELPED),
            incident(9, "Search replica lost", Severity.HIGH),
        ),
        alerts=(),
        costs=COSTS,
        readiness=readiness(),
        trend=trend(search_outage=(90, 8, 100), region_outage=(80, 15, 100)),
    )


def bad() -> MonthlyReport:
    """Everything that a month can hold went wrong."""
    return report(
        tenants=(
            TenantMonth(
                tenant="contoso", requests=812_345, failed=3_321, refused=1_204, p50_ms=412, p95_ms=2_630
            ),
            TenantMonth(
                tenant="fabrikam", requests=301_220, failed=288, refused=310, p50_ms=388, p95_ms=1_211
            ),
            TenantMonth(
                tenant="tailspin",
                requests=214_080,
                failed=12,
                refused=44_012,
                p50_ms=350,
                p95_ms=902,
                violations=2,
            ),
            TenantMonth(tenant="wingtip", requests=0, failed=0),
        ),
        outside=(OutsideTest(test="chat from Tokyo", requests=8_928, failed=44), *OUTSIDE[1:]),
        days=days({6: 90, 14: 2_950, 15: 212, 22: 120, 23: 48}, quiet=(4, 11, 18)),
        runs=(
            run(
                "region_outage",
                "Recover contoso in japanwest",
                14,
                16_932,
                kind="recovery",
                mode="real",
                rpo=loss(402),
            ),
            run("ransomware", "Drill of a restore from backup", 21, None, status="aborted"),
            run("search_outage", "Drill of a lost search service", 27, 310, rpo=loss(0)),
        ),
        incidents=(
            incident(14, "Region unreachable", Severity.CRITICAL, remediation=Remediation.DID_NOT_HELP),
            *(incident(n, "High latency", Severity.MEDIUM, tenant="contoso") for n in (3, 6, 15, 22)),
            incident(17, "Tenant boundary", Severity.CRITICAL, security=True, tenant="tailspin", service=""),
            incident(
                20,
                "Replica lost",
                Severity.LOW,
                acknowledged_at=None,
                remediation=Remediation.HELPED,
                closed_by="",
                close_reason="A new replica answers",
            ),
        ),
        alerts=(
            SecurityAlert(
                title="Unusual export of secrets",
                product="Microsoft Defender for Key Vault",
                resource="kv-contoso-west",
                seen=at(29, 22, 41),
            ),
        ),
        costs=COSTS.model_copy(
            update={
                "services": (
                    *COSTS.services,
                    ServiceCost(service="Bandwidth", cost=1_904.0, before=310.5),
                    ServiceCost(service="Azure Front Door", cost=402.0),
                )
            }
        ),
        readiness=readiness(
            plan(
                "region_outage",
                30,
                "critical: japanwest has no quota for 40 cores of gpt-4o (ask for 120,000 tokens a minute more)",
                "high: the snapshot of the search index is 9 days old (see why the nightly snapshot fails)",
            ),
            plan("ransomware", 80, "high: the last restore was not proved (hold the drill again)"),
        ),
        trend=trend(region_outage=(100, 17, 30), ransomware=(70, 6, 80)),
    )


def empty() -> MonthlyReport:
    """An estate where nobody asked anything and nothing happened."""
    return report(
        tenants=(),
        outside=(),
        days=(),
        runs=(),
        incidents=(),
        alerts=(),
        costs=Costs(currency="EUR", services=()),
        readiness=readiness(),
    )


def unread() -> MonthlyReport:
    """Nothing could be read but what cost what."""
    return report(
        costs=COSTS,
        trend=None,
        unknown=(
            "The workspace of logs did not answer: HTTP 503.",
            "The store of runs and incidents denies this app its records.",
        ),
    )


def so_far() -> MonthlyReport:
    month = good()
    return month.model_copy(
        update={"made_at": at(16, 0), "days": days({9: 30}, last=16), "trend": month.trend[:15]}
    )


def big() -> MonthlyReport:
    return report(
        tenants=tuple(
            TenantMonth(
                tenant=f"tenant-{n:03}",
                requests=1_000_000 + n,
                failed=n * 6,
                refused=n * 3,
                p50_ms=300 + n,
                p95_ms=1_000.0 + 6 * n,
            )
            for n in range(200)
        ),
        outside=OUTSIDE,
        days=days({n: n * 5 for n in range(1, 32)}),
        runs=tuple(run(PLANS[n % 9], f"Drill {n}", 1 + n, 300.0 + n) for n in range(30)),
        incidents=tuple(incident(n, f"Rule {n}", list(Severity)[n % 5]) for n in range(500)),
        alerts=(),
        costs=COSTS.model_copy(
            update={
                "services": tuple(
                    ServiceCost(service=f"Service {n}", cost=5_000.0 / (n + 1), before=4_900.0 / (n + 1))
                    for n in range(40)
                )
            }
        ),
        readiness=readiness(),
        trend=trend(),
    )


def hostile(words: list[str]) -> MonthlyReport:
    """Every text of a report is one of the words."""
    word = cycle(words)
    return report(
        estate=next(word),
        title=next(word),
        run_id=next(word),
        tenants=(
            TenantMonth(tenant=next(word), requests=1_000, failed=900, p50_ms=1, p95_ms=9_999, violations=3),
            TenantMonth(tenant=next(word), requests=10, failed=0, p50_ms=1, p95_ms=9_998),
        ),
        outside=(OutsideTest(test=next(word), requests=10, failed=9),),
        days=days({3: 40_000}),
        runs=(
            run(
                next(word),
                next(word),
                4,
                99_999,
                mode="real",
                kind="recovery",
                rpo=loss(999),
                run_id=next(word),
            ),
            run(next(word), next(word), 5, None, status="failed"),
        ),
        incidents=tuple(
            incident(
                n,
                next(word),
                Severity.CRITICAL,
                id=next(word),
                service=next(word),
                tenant=next(word),
                closed_by=next(word),
                close_reason=next(word),
                security=True,
            )
            for n in range(3)
        ),
        alerts=(SecurityAlert(title=next(word), product=next(word), resource=next(word), seen=at(3)),),
        costs=Costs(
            currency=next(word),
            services=(
                ServiceCost(service=next(word), cost=-1.0, before=0.0),
                ServiceCost(service=next(word), cost=1e12, before=1.0),
            ),
        ),
        readiness=Readiness(
            checked_at=at(30), run_id=next(word), plans=(plan(next(word), 0, next(word), next(word)),)
        ),
        trend=(ReadinessPoint(checked_at=at(2), scores={next(word): 40, next(word) + "2": 0}),),
        unknown=(next(word), next(word)),
    )


SAMPLES = {
    "good": good(),
    "bad": bad(),
    "empty": empty(),
    "unread": unread(),
    "so_far": so_far(),
    "big": big(),
}
