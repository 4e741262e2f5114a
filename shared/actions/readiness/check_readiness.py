"""Looks every day whether each plan could be carried out, so that nobody finds out in a disaster."""

from shared.actions.action import Call, action
from shared.actions.plan_readiness import LATEST, evaluate, keep
from shared.model.outcome import Finding, Outcome, Pending
from shared.model.readiness import PlanToCheck
from shared.model.wire import Frozen


class Params(Frozen):
    """The plans, as far as they could be made when the run was asked for."""

    plans: tuple[PlanToCheck, ...]


@action(changes=False)
def check_readiness(params: Params, call: Call) -> Outcome | Pending:
    """Evaluates every precondition of every plan, scores the plans, and keeps the result with its evidence."""
    readiness = evaluate(params.plans, call)
    keep(readiness, call)
    findings: dict[tuple[str, str], Finding] = {}
    for plan in readiness.plans:
        for one in plan.preconditions:
            if not one.met:
                findings.setdefault((one.resource, one.title), one.finding("check_readiness"))
    scores = {plan.plan: plan.score for plan in readiness.plans}
    told = ", ".join(f"{plan.plan} {plan.score} ({plan.verdict})" for plan in readiness.plans)
    return Outcome(
        summary=f"readiness of {len(scores)} plans: {told}"[:1000],
        findings=tuple(findings.values()),
        evidence={"scores": scores, "kept": LATEST},
    )
