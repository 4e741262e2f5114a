"""The month's recoveries and drills, and how ready the plans are, in words."""

from shared.model.monthly import MonthlyReport, ReadinessPoint, RunOfMonth
from shared.model.plan import Mode
from shared.model.readiness import PlanReadiness
from shared.model.run import Objective, RunStatus
from shared.reports.monthly.parts import Cell, Column, Section, Table, Tone
from shared.reports.run_view import Fact
from shared.reports.verdict import judge
from shared.reports.wording import Clock, clean, duration, line

VERDICTS: dict[str, tuple[str, Tone]] = {
    "ready": ("Ready", "good"),
    "at_risk": ("At risk", "waiting"),
    "not_ready": ("Not ready", "bad"),
}


def runs_section(report: MonthlyReport, clock: Clock) -> Section:
    says, tables = tuple[str, ...](), tuple[Table, ...]()
    if report.runs is None:
        says = ("The recoveries and drills of this month could not be read.",)
    elif not report.runs:
        says = ("No recovery ran in this month, and no drill was held.",)
    else:
        tables = (_runs(report.runs, clock),)
    notes = (
        ("A recovery time is counted from the start of the outage, and waiting for approval counts.",)
        if tables
        else ()
    )
    return Section(name="runs", heading="Recoveries and drills", says=says, tables=tables, notes=notes)


def _runs(runs: tuple[RunOfMonth, ...], clock: Clock) -> Table:
    return Table(
        caption="Recoveries and drills that ended in the month",
        columns=(
            Column("Run", 2.2),
            Column("Mode", 0.6, "short"),
            Column("Status", 0.9, "short"),
            Column("Started", 1.0, "short"),
            Column("Recovery time", 1.6),
            Column("Data loss", 1.4),
        ),
        rows=tuple(_run(one, clock) for one in sorted(runs, key=lambda one: one.started_at)),
    )


def _run(run: RunOfMonth, clock: Clock) -> tuple[Cell, ...]:
    plan = line(run.plan)
    return (
        Cell(line(run.title) or plan, note=plan if line(run.title) else ""),
        Cell("REAL" if run.mode == Mode.REAL else "DRILL", tone="bad" if run.mode == Mode.REAL else ""),
        Cell(run.status.value.capitalize(), tone="good" if run.status is RunStatus.SUCCEEDED else "bad"),
        Cell("", at=clock.dated(run.started_at)),
        _measured(run.rto),
        _measured(run.rpo),
    )


def _measured(objective: Objective | None) -> Cell:
    if objective is None:
        return Cell("not measured")
    judged = judge(objective)
    target = objective.target_seconds
    return Cell(
        "not measured" if objective.measured_seconds is None else duration(objective.measured_seconds),
        verdict=judged if judged in {"met", "missed"} else "",
        note="no target set" if target is None else f"target {duration(target)}",
    )


def readiness_section(report: MonthlyReport, clock: Clock) -> Section:
    heading = "Disaster recovery readiness"
    chart, chart_says = "", ""
    if report.trend is None:
        says = ("How ready the plans are could not be read.",)
        return Section(name="readiness", heading=heading, says=says)
    if any(point.scores for point in report.trend):
        chart = "readiness"
        chart_says = (
            "Each plan's score at the last check of each day: a full column is 100, and its upper part is "
            "what is missing. A day without a check stays empty."
        )
    if report.readiness is None:
        says = (
            "No readiness check of this month is kept: nobody knows whether the recovery plans would work.",
        )
        return Section(name="readiness", heading=heading, says=says, chart=chart, chart_says=chart_says)
    plans = sorted(report.readiness.plans, key=lambda one: (one.score, one.plan))
    return Section(
        name="readiness",
        heading=heading,
        says=() if plans else ("The estate has no plan that could be checked.",),
        facts=(Fact("Checked", "", clock.full(report.readiness.checked_at)),),
        chart=chart,
        chart_says=chart_says,
        tables=(_readiness(plans, report.trend),) if plans else (),
        notes=(
            "A score is 100 when everything holds that a plan needs; each gap takes points by its severity.",
        )
        if plans
        else (),
    )


def _readiness(plans: list[PlanReadiness], trend: tuple[ReadinessPoint, ...]) -> Table:
    return Table(
        caption="How ready each plan is, the lowest score first",
        columns=(
            Column("Plan", 1.5),
            Column("Verdict", 0.8, "short"),
            Column("Score", 0.5, kind="number"),
            Column("Over the month", 0.9, kind="number"),
            Column("Gaps", 3.6),
        ),
        rows=tuple(_plan(one, trend) for one in plans),
    )


def _plan(plan: PlanReadiness, trend: tuple[ReadinessPoint, ...]) -> tuple[Cell, ...]:
    words, tone = VERDICTS[plan.verdict]
    gaps = "\n".join(line(reason, 400) for reason in plan.reasons)
    return (
        Cell(line(plan.plan)),
        Cell(words, tone=tone),
        Cell(str(plan.score)),
        _change(plan.plan, trend),
        Cell(clean(gaps, 2000) or "none"),
    )


def _change(plan: str, trend: tuple[ReadinessPoint, ...]) -> Cell:
    """Points between the first and the last check of the month: `+10`."""
    scores = [point.scores[plan] for point in trend if plan in point.scores]
    if len(scores) < 2:
        return Cell("checked once" if scores else "not known")
    points = scores[-1] - scores[0]
    if not points:
        return Cell("unchanged")
    return Cell(f"{points:+}".replace("-", "\u2212"), tone="good" if points > 0 else "bad")
