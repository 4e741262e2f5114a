"""What an approver sees: the page behind the link in the mail, and the mail itself."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.model.plan import Mode, Step
from shared.model.run import RunRecord, RunRequest
from shared.reports.rendering import style, templates
from shared.reports.wording import Clock, clean, counted, duration, line


@dataclass(frozen=True)
class StepLine:
    """One step as an approver weighs it."""

    name: str
    target: str
    after: str
    changes: bool
    undo: bool


@dataclass(frozen=True)
class ApprovalView:
    """A run that asks, in words."""

    run_id: str
    plan: str
    title: str
    mode: str
    mode_words: str
    zone: str
    requested_by: str
    requested_at: str
    reason: str
    required: int
    approvers: tuple[str, ...]
    expires_at: str
    declared_by: str
    break_glass_from: str
    break_glass_by: str
    rto: str
    services: tuple[str, ...]
    steps: tuple[StepLine, ...]


@dataclass(frozen=True)
class PageState:
    """What the page is about to offer this person: a form, or why there is none."""

    person: str
    message: str = ""
    tone: str = "active"
    may_decide: bool = False
    may_break_glass: bool = False
    writes: tuple[dict[str, Any], ...] | None = None
    problems: tuple[str, ...] = ()


def view(request: RunRequest, *, time_zone: str) -> ApprovalView:
    """The request as both mail and page show it. `time_zone` is an IANA name."""
    plan, policy = request.plan, request.plan.approval
    clock = Clock.of(time_zone, request.requested_at)

    def at(instant: datetime) -> str:
        return clock.full(instant).text

    opens = policy.break_glass_after
    return ApprovalView(
        run_id=request.run_id,
        plan=plan.name,
        title=line(plan.title),
        mode=request.mode.upper(),
        mode_words="the world is really changed, and data that was not replicated may be lost"
        if request.mode is Mode.REAL
        else "a drill: everything moves gracefully and goes back",
        zone=clock.name,
        requested_by=line(request.requested_by),
        requested_at=at(request.requested_at),
        reason=clean(request.reason),
        required=policy.required,
        approvers=policy.approvers,
        expires_at=at(request.requested_at + policy.expires_after),
        declared_by=policy.declared_by,
        break_glass_from=at(request.requested_at + opens) if opens is not None else "",
        break_glass_by=policy.break_glass_by if opens is not None else "",
        rto=duration(plan.rto.total_seconds()) if plan.rto else "",
        services=plan.services,
        steps=tuple(_line(step) for step in plan.steps),
    )


def _line(step: Step) -> StepLine:
    return StepLine(
        name=step.name,
        target=touched(step),
        after=", ".join(step.needs),
        changes=step.changes,
        undo=step.undo is not None,
    )


def touched(step: Step) -> str:
    """What a step is about, from its parameters: services by name with where they go, or people."""
    found: list[str] = []
    for name in ("service", "route", "app", "storage", "services", "to"):
        value: Any = step.params.get(name)
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict) and "name" in one:
                found.append(str(one["name"]))
            elif isinstance(one, str) and name == "to":
                found.append(one)
        if found:
            break
    return line(", ".join(dict.fromkeys(found)), 160)


def page(asked: ApprovalView, state: PageState, record: RunRecord | None, *, time_zone: str) -> str:
    """The approval page: plain HTML, no scripts, nothing external."""
    decided = [
        {
            "who": line(found.approver),
            "decision": found.decision,
            "at": Clock.of(time_zone, found.decided_at).full(found.decided_at).text,
            "reason": clean(found.reason),
        }
        for found in (record.approvals if record else ())
    ]
    shown = counted(len(state.writes), "request") if state.writes is not None else ""
    return _render("approval_page.html", view=asked, state=state, decided=decided, shown=shown, style=style())


def refusal_page(title: str, message: str) -> str:
    """Why a link leads no further."""
    return _render("approval_refusal.html", title=title, message=message, style=style())


def mail_text(asked: ApprovalView, name: str, address: str) -> str:
    """The mail as plain text."""
    return _render("approval_mail.txt", view=asked, name=name, address=address)


def mail_html(asked: ApprovalView, name: str, address: str) -> str:
    """The mail as HTML; styles stand inline because mail clients drop the rest."""
    return _render("approval_mail.html", view=asked, name=name, address=address)


def _render(template: str, **content: object) -> str:
    return templates().get_template(template).render(**content)
