"""How ready a plan is: its score, its verdict, and the reasons in words."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

from shared.model.readiness import PlanReadiness, PlanToCheck, Precondition
from shared.model.severity import Severity

COSTS = {
    Severity.CRITICAL: 50,
    Severity.HIGH: 20,
    Severity.MEDIUM: 10,
    Severity.LOW: 3,
    Severity.INFORMATIONAL: 0,
}
"""Points of 100 that a precondition costs which does not hold."""

NEEDED_BY = {
    "certificate": "deploy_container_apps",
    "dns": "update_dns_records",
    "environment": "deploy_container_apps",
    "geo_replication": "failover_storage",
    "image": "deploy_container_apps",
    "quota": "deploy_container_apps",
    "replica": "failover_cosmos_db",
    "secrets": "recover_key_vault",
    "snapshot": "load_search_snapshot",
    "traffic": "update_dns_records",
    "vault": "recover_key_vault",
    "window": "check_drill_window",
}
"""Checks that matter only to plans with that action; every other check matters to all."""


def judged(plan: PlanToCheck, preconditions: Iterable[Precondition]) -> PlanReadiness:
    """The plan's readiness, from the preconditions of everything that it touches."""
    mine = tuple(one for one in preconditions if NEEDED_BY.get(one.check) in {None, *plan.actions})
    unmet = sorted((one for one in mine if not one.met), key=lambda one: one.severity.rank)
    score = max(0, 100 - sum(COSTS[one.severity] for one in unmet))
    worst = unmet[0].severity if unmet else Severity.INFORMATIONAL
    harmless = {Severity.LOW, Severity.INFORMATIONAL}
    return PlanReadiness(
        plan=plan.name,
        kind=plan.kind,
        verdict="not_ready" if worst is Severity.CRITICAL else "ready" if worst in harmless else "at_risk",
        score=score,
        reasons=tuple(
            f"{one.severity}: {one.title}" + (f" ({one.recommendation})" if one.recommendation else "")
            for one in unmet
        ),
        preconditions=mine,
    )


def is_allowed(permissions: Iterable[dict[str, Any]], action: str, *, data: bool = False) -> bool:
    """Whether one of these ARM permissions grants an action: by wildcard, in any case, and not taken away again."""
    granted, denied = ("dataActions", "notDataActions") if data else ("actions", "notActions")
    return any(
        _matches(one.get(granted) or [], action) and not _matches(one.get(denied) or [], action)
        for one in permissions
    )


def _matches(patterns: Iterable[str], action: str) -> bool:
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)
