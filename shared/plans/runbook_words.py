"""Clauses that runbook pages and their index share: what begins a plan, who agrees, what a step works on."""

from datetime import timedelta
from typing import Any

from shared.model.estate import Estate, Schedule
from shared.model.plan import ApprovalPolicy, Plan, PlanKind, Step
from shared.plans.planning import PlanMaker
from shared.reports.wording import duration

STARTED_AT = {
    PlanKind.RECOVERY: "recovery",
    PlanKind.DRILL: "recovery",
    PlanKind.MAINTENANCE: "maintenance",
    PlanKind.OPERATION: "operations",
}
"""Where a plan of a kind is started; remediation starts from alerts only."""


def triggers(maker: PlanMaker, estate: Estate) -> list[str]:
    """What starts or offers a plan in this estate, as clauses."""
    rules = [
        f"alert `{rule.alert_rule}` {'starts' if rule.start == 'start' else 'offers'} it"
        for rule in estate.remediation
        if rule.plan == maker.name
    ]
    rules += [
        f"alert `{rule.alert_rule}` offers it while the region is out"
        for rule in estate.remediation
        if rule.in_outage == maker.name
    ]
    clocks = [_when(found, estate) for found in estate.schedules if found.plan == maker.name]
    by_hand = ["an operator starts it"] if maker.kind in STARTED_AT else []
    return [*rules, *clocks, *by_hand] or ["nothing in this estate"]


def _when(schedule: Schedule, estate: Estate) -> str:
    """`the clock, at 02:00 Asia/Tokyo daily`."""
    days = [
        *schedule.weekdays,
        *(f"day {day} of the month" for day in schedule.month_days),
        *(f"{day:%d %b %Y}" for day in schedule.dates),
    ]
    if schedule.every is not None:
        return f"the clock, every {duration(schedule.every.total_seconds())}"
    assert schedule.at is not None, "a schedule has one of both"
    zone = schedule.time_zone or estate.time_zone
    return f"the clock, at {schedule.at:%H:%M} {zone} {'on ' + ', '.join(days) if days else 'daily'}"


def approval(plan: Plan) -> str:
    """Who must agree, as a clause."""
    policy = plan.approval
    if not policy.required:
        return "nobody"
    limit = duration(policy.expires_after.total_seconds())
    declared = f"; the {policy.declared_by} among them, or starting it" if policy.declared_by else ""
    return (
        f"{policy.required} of {', '.join(policy.approvers)} within {limit}, never who started it{declared}"
    )


def break_glass(policy: ApprovalPolicy, after: timedelta) -> str:
    """Who may approve alone, and what comes of it, as a sentence."""
    wait, review = duration(after.total_seconds()), duration(policy.review_within.total_seconds())
    alone = f'after {wait} the {policy.break_glass_by} may approve alone, with `"break_glass": true`'
    return f"{alone}; others review that within {review}"


def touched(step: Step, estate: Estate) -> str:
    """The services that a step changes, with the way that it takes them where that is not away from home."""
    found = {name: f"`{name}`" for name in step.recovers}
    for value in () if found else step.params.values():
        for one in value if isinstance(value, list) else [value]:
            found.update(_service(one, estate))
    return ", ".join(found.values()) or "no service"


def _service(value: Any, estate: Estate) -> dict[str, str]:  # noqa: ANN401 - a parameter is any JSON
    if not isinstance(value, dict) or not {"name", "kind", "region"} <= set(value):
        return {}
    known = next((service for service in estate.services if service.name == value["name"]), None)
    turned = known is not None and value["region"] != known.region
    way = f" (from {value['region']} to {value['recovery_region']})" if turned else ""
    return {value["name"]: f"`{value['name']}`{way}"}
