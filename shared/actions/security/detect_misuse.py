"""Looks in what was logged for people who are not who they seem, and for data that nobody should have reached."""

from datetime import timedelta

from shared.actions.action import Call, action
from shared.gateways.logs import Row
from shared.model.outcome import Finding, Outcome, Pending
from shared.model.severity import Severity
from shared.model.wire import Frozen

SHOWN = 50
"""Findings of one kind; an attack that is told in full hides the other."""


class Params(Frozen):
    """How long is looked back, and the limits of seed 000, section 4.2.1."""

    over: timedelta = timedelta(hours=1)
    most_failures: int = 5
    most_requests: int = 100
    most_addresses: int = 10
    sensitive: tuple[str, ...] = ("confidential", "restricted")


@action(changes=False)
def detect_misuse(params: Params, call: Call) -> Outcome | Pending:
    """Failed sign-ins, unusual access, attempts across tenants, and an audit of data access by classification."""
    since, logs = call.now - params.over, call.azure.logs
    sign_ins = logs.query("failed_sign_ins", since, call.now, most_failures=params.most_failures)
    limits = {"most_requests": params.most_requests, "most_addresses": params.most_addresses}
    access = logs.query("unusual_access", since, call.now, **limits)
    borders = logs.query("boundary_violations", since, call.now)
    audit = logs.query("data_access", since, call.now)
    findings = (
        *(_sign_in(row, call) for row in sign_ins[:SHOWN]),
        *(_access(row, call) for row in access[:SHOWN]),
        *(_border(row, call) for row in borders[:SHOWN]),
    )
    sensitive = sum(
        int(row["accesses"]) for row in audit if str(row["classification"]).lower() in params.sensitive
    )
    said = f"{len(findings)} of them want a look" if findings else "nothing stands out"
    return Outcome(
        summary=f"sign-ins, access and tenant borders of {params.over}: {said}; "
        f"{sensitive} reads of {' or '.join(params.sensitive)} data",
        findings=findings,
        evidence={"data_access": [dict(row) for row in audit[:200]]},
    )


def _sign_in(row: Row, call: Call) -> Finding:
    title = f"{row['failures']} sign-ins of {row['user']} failed within five minutes"
    advice = "Ask that person; if it was somebody else, revoke the sessions and reset the password "
    return _finding(
        row, call, "user", Severity.HIGH, title, advice + "(plan security_breach with that principal)."
    )


def _access(row: Row, call: Call) -> Finding:
    title = f"{row['user']} sent {row['requests']} requests from {row['addresses']} addresses in five minutes"
    advice = "See whether that is a program of the tenant's; if not, its token is used by others: revoke it."
    return _finding(row, call, "user", Severity.MEDIUM, title, advice)


def _border(row: Row, call: Call) -> Finding:
    title = f"users of {row['tenant']} reached {row['violations']} times for what is another tenant's"
    advice = "The rule TenantBoundaryViolation isolates the tenant; if it has not fired, start "
    advice += "tenant_boundary_violation from its incident, and find out why the rule was silent."
    return _finding(row, call, "tenant", Severity.CRITICAL, title, advice)


def _finding(row: Row, call: Call, about: str, severity: Severity, title: str, advice: str) -> Finding:
    return Finding(
        check=call.step,
        resource=str(row[about]),
        severity=severity,
        title=title,
        evidence={name: str(value) for name, value in row.items()},
        recommendation=advice,
    )
