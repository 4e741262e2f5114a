"""Finds which tenant drives the shared resources."""

from datetime import timedelta

from pydantic import Field

from shared.actions.action import Call, action
from shared.model.outcome import Finding, Outcome, Pending
from shared.model.severity import Severity
from shared.model.wire import Frozen
from shared.planners.noisy_neighbour import TenantUse, noisy_neighbours


class Params(Frozen):
    """How long is looked back, what tenants pay for (all the same, if not said), and whose resource it is."""

    over: timedelta = timedelta(minutes=15)
    weights: dict[str, float] = Field(default_factory=dict[str, float])
    resource: str = ""


@action(changes=False)
def find_noisy_neighbour(params: Params, call: Call) -> Outcome | Pending:
    """Says from what was logged which tenant uses more than its fair share, and how to throttle it."""
    rows = call.azure.logs.query("tenant_usage", call.now - params.over, call.now)
    uses = [TenantUse.from_wire(row) for row in rows]
    found = noisy_neighbours(uses, seconds=params.over.total_seconds(), weights=params.weights)
    findings = tuple(
        Finding(
            check=call.step,
            resource=params.resource or one.tenant,
            severity=Severity.HIGH,
            title=f"tenant {one.tenant} uses {one.share:.0%} of the {one.measure.replace('_', ' ')}, "
            f"{one.times:.1f} times its fair share",
            evidence=one.to_wire(),
            recommendation=one.advice,
        )
        for one in found
    )
    told = "; ".join(one.title for one in findings)
    return Outcome(
        summary=told or f"none of {len(uses)} tenants uses more than its share",
        findings=findings,
        evidence={"usage": [one.to_wire() for one in uses]},
    )
