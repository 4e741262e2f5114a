"""A plan's graph as Mermaid: left to right, with who must agree, what may fail, and how long a step may take."""

from collections.abc import Iterator

from shared.model.plan import Plan, Step
from shared.reports.wording import duration

COMPACT = '%%{init: {"flowchart": {"nodeSpacing": 18, "rankSpacing": 28, "padding": 8}}}%%'
STYLES = """\
  classDef person fill:#fff4ce,stroke:#8a6d00,color:#1b1b1b
  classDef changes fill:#dbeafe,stroke:#1d4ed8,stroke-width:3px,color:#1b1b1b
  classDef looks fill:#ffffff,stroke:#1d4ed8,stroke-width:3px,color:#1b1b1b
  classDef gentle fill:#f4f4f5,stroke:#71717a,stroke-dasharray:4 3,color:#1b1b1b"""
BREAK_FROM = 12
"""Characters from which a name takes two lines."""
LEGEND = """\
Yellow waits for people, blue changes Azure, white only looks. Thick frame: critical, the run waits for an operator when
it fails. Dashed frame: the run goes on without it. The time is the longest that a step may take; steps that no arrows
join run side by side."""


def diagram(plan: Plan) -> str:
    """A `flowchart LR`; steps without an arrow between them run side by side."""
    return "\n".join((COMPACT, "flowchart LR", *_lines(plan), STYLES))


def _lines(plan: Plan) -> Iterator[str]:
    policy, first = plan.approval, ""
    if policy.required:
        first, limit = "approval", duration(policy.expires_after.total_seconds())
        people = f"{policy.required} of {len(policy.approvers)}<br/>approve<br/>within {limit}"
        yield f'  approval{{{{"{people}"}}}}:::person'
    before = ancestors(plan)
    for number, step in enumerate(plan.steps, 1):
        yield f"  {_node(number, step)}"
        # What another need already waits for needs no arrow of its own.
        near = [need for need in step.needs if not any(need in before[other] for other in step.needs)]
        yield from (f"  {need} --> {step.name}" for need in near or [first] if need)


def _node(number: int, step: Step) -> str:
    limit = f"<br/>up to {duration(step.deadline.total_seconds())}" if step.deadline else ""
    label = f"{number} {_broken(step.name)}{limit}"
    if not step.critical:
        return f'{step.name}(["{label}"]):::gentle'
    return f'{step.name}["{label}"]:::{"changes" if step.changes else "looks"}'


def _broken(name: str) -> str:
    """The name on two lines, so that more steps fit side by side."""
    places = [place for place, sign in enumerate(name, 1) if sign == "_"]
    if len(name) < BREAK_FROM or not places:
        return name
    middle = min(places, key=lambda place: abs(place - len(name) / 2))
    return f"{name[:middle]}<br/>{name[middle:]}"


def ancestors(plan: Plan) -> dict[str, set[str]]:
    """For each step all that must be over before it."""
    found: dict[str, set[str]] = {}
    for step in plan.steps:
        found[step.name] = {*step.needs, *(earlier for need in step.needs for earlier in found[need])}
    return found
