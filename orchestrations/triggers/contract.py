"""The HTTP contract in one table: each call, who may make it, and the function that answers.

`/alerts` and `/health` are not among them, because they know other callers than people with a role.
"""

from typing import NamedTuple

from shared.model.role import Role


class Endpoint(NamedTuple):
    """One call. `handler` is `module.function`; `query` names the parameters that it takes, any other is a 400."""

    method: str
    route: str
    role: Role
    handler: str
    query: tuple[str, ...] = ()


ENDPOINTS = (
    Endpoint("GET", "plans", Role.READER, "plans.list_plans"),
    Endpoint("GET", "plans/{name}", Role.READER, "plans.show_plan"),
    Endpoint("POST", "recovery/{plan}", Role.OPERATOR, "starts.start_recovery"),
    Endpoint("POST", "recovery/{plan}/preview", Role.OPERATOR, "previews.preview_recovery"),
    Endpoint("POST", "maintenance/{plan}", Role.OPERATOR, "starts.start_maintenance"),
    Endpoint("POST", "maintenance/{plan}/preview", Role.OPERATOR, "previews.preview_maintenance"),
    Endpoint("POST", "operations/{plan}", Role.OPERATOR, "starts.start_operation"),
    Endpoint("POST", "operations/{plan}/preview", Role.OPERATOR, "previews.preview_operation"),
    Endpoint("GET", "runs", Role.READER, "runs.list_runs", ("kind", "plan", "status", "since", "limit")),
    Endpoint("GET", "runs/{id}", Role.READER, "runs.show_run"),
    Endpoint("GET", "runs/{id}/report", Role.READER, "runs.show_report", ("format",)),
    Endpoint("GET", "runs/{id}/evidence", Role.READER, "runs.show_evidence"),
    Endpoint("POST", "runs/{id}/approvals", Role.APPROVER, "approvals.approve"),
    Endpoint("POST", "runs/{id}/review", Role.APPROVER, "approvals.review_run"),
    Endpoint("POST", "runs/{id}/decisions", Role.OPERATOR, "runs.decide_step"),
    Endpoint("POST", "runs/{id}/pause", Role.OPERATOR, "runs.pause_run"),
    Endpoint("POST", "runs/{id}/resume", Role.OPERATOR, "runs.resume_run"),
    Endpoint("POST", "runs/{id}/abort", Role.OPERATOR, "runs.abort_run"),
    Endpoint("GET", "incidents", Role.READER, "incidents.list_incidents"),
    Endpoint("GET", "incidents/{id}", Role.READER, "incidents.show_incident"),
    Endpoint("GET", "incidents/{id}/report", Role.READER, "incidents.show_incident_report", ("format",)),
    Endpoint("POST", "incidents/{id}/acknowledge", Role.OPERATOR, "incidents.acknowledge_incident"),
    Endpoint("POST", "incidents/{id}/resolve", Role.OPERATOR, "incidents.resolve_incident"),
    Endpoint("POST", "incidents/{id}/remediate", Role.OPERATOR, "incidents.remediate_incident"),
    Endpoint("GET", "readiness", Role.READER, "readiness.show_readiness", ("refresh",)),
    Endpoint("GET", "reports", Role.READER, "reports.list_reports"),
    Endpoint("GET", "reports/{month}", Role.READER, "reports.show_monthly_report", ("format",)),
    Endpoint("GET", "on-call", Role.READER, "on_call.show_on_call", ("at",)),
    Endpoint("GET", "silences", Role.READER, "silences.list_silences"),
    Endpoint("POST", "silences", Role.OPERATOR, "silences.make_silence"),
    Endpoint("DELETE", "silences/{id}", Role.OPERATOR, "silences.end_silence"),
    Endpoint("GET", "automation", Role.READER, "automation.show_automation"),
    Endpoint("PUT", "automation", Role.READER, "automation.switch_automation"),
)
