"""A plan as the page that somebody reads at three in the morning: what it does, and every call to make."""

import inspect
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from shared.actions.catalog import find
from shared.model.estate import Estate
from shared.model.plan import Mode, Plan, PlanKind, Step
from shared.model.role import Role
from shared.plans import runbook_calls
from shared.plans import runbook_words as words
from shared.plans.diagram import LEGEND, diagrams
from shared.plans.planning import PlanMaker, PlanRequest
from shared.reports.wording import duration

NARROW = "\u00a0"
"""Keeps a number and its unit on one line."""
SOME_OUTAGE = datetime(2026, 11, 21, 3, tzinfo=UTC)
"""Stands in the plan that a page is made from, and on no page."""


def shown(maker: PlanMaker, estate: Estate) -> Plan:
    """The plan as its page shows it: the real thing, except where it is always a drill."""
    mode = Mode.DRILL if maker.kind is PlanKind.DRILL else Mode.REAL
    return maker(estate, PlanRequest(mode=mode, outage_started_at=SOME_OUTAGE), maker.sample(estate))


def page(maker: PlanMaker, estate: Estate) -> str:
    """Markdown of one plan, as it would be made for this estate."""
    plan = shown(maker, estate)
    parts = (
        _head(maker, plan, estate),
        runbook_calls.starting(maker, plan, estate),
        _parameters(maker),
        _steps(plan, estate),
        runbook_calls.failing(maker, plan, estate),
        runbook_calls.stopping(plan, estate),
    )
    return "\n".join(line for part in parts for line in part)


def _head(maker: PlanMaker, plan: Plan, estate: Estate) -> Iterator[str]:
    yield from (f"# {maker.name}", "", inspect.getdoc(maker.make) or f"{maker.title}.", "")
    yield from ("| | |", "| --- | --- |")
    yield f"| Here | {plan.title} |"
    yield f"| Kind | {maker.kind} |"
    yield f"| Begins with | {'; '.join(words.triggers(maker, estate))} |"
    if maker.kind in words.STARTED_AT:
        operators = [person.mail for person in estate.people if Role.OPERATOR in person.roles]
        yield f"| May start it | Operators: {', '.join(operators)} |"
    yield f"| Must approve | {words.approval(plan)} |"
    if plan.approval.break_glass_after is not None:
        yield f"| Break glass | {words.break_glass(plan.approval, plan.approval.break_glass_after)} |"
    if plan.rto:
        target = duration(plan.rto.total_seconds())
        yield f"| Recovery time objective | {target} from the beginning of the outage; waiting for approval counts |"
    for row in _services(plan, estate):
        yield f"| Works on | {row} |"
    yield ""


def _services(plan: Plan, estate: Estate) -> Iterator[str]:
    ways: dict[str, list[str]] = {}
    for service in (estate.service(name) for name in plan.services):
        way = f"{service.region}, recovery region {service.recovery_region}"
        ways.setdefault(way, []).append(f"`{service.name}`")
    yield from (f"{', '.join(names)} ({way})" for way, names in ways.items())


def _parameters(maker: PlanMaker) -> Iterator[str]:
    fields = maker.parameters.model_fields
    if not fields:
        return
    yield from ("## Parameters", "", inspect.getdoc(maker.parameters) or "", "")
    yield from ("| parameter | must be given | kind | what it is |", "| --- | --- | --- | --- |")
    schema = maker.parameters.model_json_schema()
    for name, field in fields.items():
        needed = "yes" if field.is_required() else "no"
        kind = _kind(schema["properties"][name], schema.get("$defs", {}))
        yield f"| `{name}` | {needed} | {kind} | {field.description or ''} |"
    yield ""


def _kind(schema: dict[str, Any], known: dict[str, Any]) -> str:
    """What JSON a parameter takes, in a word or two."""
    schema = known.get(schema.get("$ref", "").rpartition("/")[2], schema)
    found = [_kind(one, known) for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    if schema.get("type") == "array":
        found.append(f"list of {_kind(schema.get('items', {}), known)}")
    elif "enum" in schema:
        found += [f"`{one}`" for one in schema["enum"]]
    elif "type" in schema:
        found.append(str(schema.get("format") or {"string": "text"}.get(schema["type"], schema["type"])))
    return " or ".join(dict.fromkeys(found)) or "object"


def _steps(plan: Plan, estate: Estate) -> Iterator[str]:
    yield from ("## Steps", "")
    for graph in diagrams(plan):
        yield from ("```mermaid", graph, "```", "")
    yield from (LEGEND, "")
    if plan.mode == "first_success":
        yield from ("They are tried one after the other until one helps; the others are left out.", "")
    numbers = {step.name: str(number) for number, step in enumerate(plan.steps, 1)}
    yield "| | step | changes | after | at most | tries | if it fails | undo |"
    yield "| ---: | --- | --- | --- | --- | --- | --- | --- |"
    for step in plan.steps:
        asks = step.critical and plan.mode == "all"
        cells = (
            numbers[step.name],
            f"`{step.name}`<br/>{find(step.action).summary}",
            words.touched(step, estate) if step.changes else "nothing",
            ", ".join(numbers[need] for need in step.needs),
            duration((step.deadline or estate.limits.step_deadline).total_seconds()).replace(" ", NARROW),
            _tries(step),
            "**asks you**" if asks else "goes on",
            "yes" if step.undo else "",
        )
        yield f"| {' | '.join(cells)} |"
    yield from (
        "",
        "Only what time may cure is tried again: throttling, conflicts, timeouts, faults of Azure. Any other failure",
        "counts at once. A long operation of Azure is waited for, through restarts, until the step's time is over.",
        "",
    )


def _tries(step: Step) -> str:
    retry = step.retry
    waits = sum(retry.wait_before(attempt) for attempt in range(2, retry.attempts + 1))
    return "1" if retry.attempts == 1 else f"{retry.attempts} in {max(round(waits / 60), 1)}{NARROW}min"
