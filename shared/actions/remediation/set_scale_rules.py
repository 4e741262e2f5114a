"""Lets Azure scale a container app by itself, between the estate's limits."""

from typing import Any

from shared.actions.action import Call, action
from shared.actions.remediation.restart_service import running_app
from shared.actions.remediation.scale_up_resources import ready_soon
from shared.model.outcome import Finding, Outcome, Pending
from shared.model.replicas import ReplicaRange
from shared.model.severity import Severity
from shared.model.wire import Frozen
from shared.planners.replicas import drift, utilization_rules, with_rules


class Params(Frozen):
    """The app, its limits, and the share of CPU and of memory, in percent, above which replicas are added."""

    app_id: str
    limits: ReplicaRange = ReplicaRange(least=2, most=10)
    cpu: int = 70
    memory: int = 80


@action(changes=True)
def set_scale_rules(params: Params, call: Call) -> Outcome | Pending:
    """Makes a container app scale by CPU and memory (seed 000: 70 % and 80 %, 2 to 10 replicas).

    Other rules of the app stay, and what was otherwise than it should be is told as a finding. With a rule for CPU or
    memory Container Apps keeps at least one replica.
    """
    running = call.operation_running()
    app = running_app(params.app_id, call)
    name = params.app_id.rsplit("/", 1)[-1]
    if running or app.busy:
        return call.waiting_for(None, f"{name}: its rules are being changed", begun=call.begun)
    template = app.document["properties"]["template"]
    wanted = with_rules(template, params.limits, utilization_rules(params.cpu, params.memory))
    if app.failed or template.get("scale") != wanted["scale"]:
        was = call.progress.get("was") or drift(template, wanted)
        operation = call.azure.app_changes.set_template(app, wanted)
        return call.waiting_for(operation, f"{name} gets its scale rules", was=was)
    replicas = call.azure.container_apps.running_replicas(app)
    if replicas < params.limits.least:
        return ready_soon(name, f"{replicas} of {params.limits.least} replicas run", call)
    return Outcome(
        summary=f"{name} scales between {params.limits.least} and {params.limits.most} replicas at "
        f"{params.cpu} % CPU and {params.memory} % memory",
        changed=call.begun,
        findings=_corrected(params, call.progress.get("was") or []),
        evidence={"scale": wanted["scale"]},
    )


def _corrected(params: Params, was: list[str]) -> tuple[Finding, ...]:
    if not was:
        return ()
    evidence: dict[str, Any] = {"was": was}
    return (
        Finding(
            check="set_scale_rules",
            resource=params.app_id,
            severity=Severity.LOW,
            title=f"{params.app_id.rsplit('/', 1)[-1]} did not scale as the estate says: {'; '.join(was)}",
            evidence=evidence,
            recommendation="It is corrected. Find out who or what deploys it otherwise, or change the estate.",
        ),
    )
