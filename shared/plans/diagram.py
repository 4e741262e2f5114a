"""A plan's graph as Mermaid: left to right, with who must agree, what may fail, and how long a step may take.

`graph`, because the wiki of Azure DevOps knows no `flowchart`.
"""

from collections.abc import Iterator
from math import ceil

from shared.model.plan import Plan, Step
from shared.reports.wording import duration

WIDEST = 8
"""Steps in a row that can still be read on a page."""
BREAK_FROM = 12
"""Characters from which a name takes two lines."""
COMPACT = '%%{init: {"flowchart": {"nodeSpacing": 18, "rankSpacing": 28, "padding": 8}}}%%'
STYLES = """\
  classDef person fill:#fff4ce,stroke:#8a6d00,color:#1b1b1b
  classDef changes fill:#dbeafe,stroke:#1d4ed8,stroke-width:3px,color:#1b1b1b
  classDef looks fill:#ffffff,stroke:#1d4ed8,stroke-width:3px,color:#1b1b1b
  classDef gentle fill:#f4f4f5,stroke:#71717a,stroke-dasharray:4 3,color:#1b1b1b"""
LEGEND = """\
Yellow waits for people, blue changes Azure, white only looks. Thick frame: critical, the run waits for an operator when
it fails. Dashed frame: the run goes on without it. The time is the longest that a step may take; steps that no arrows
join run side by side."""


def diagrams(plan: Plan) -> list[str]:
    """Mermaid graphs, one below the other where one would be too wide; each begins where the one before ends."""
    numbers = {step.name: number for number, step in enumerate(plan.steps, 1)}
    before = ancestors(plan)
    made: list[str] = []
    last = ""
    for row in _rows(plan, before):
        lines = [COMPACT, "graph LR", *_begin(plan, last, numbers)]
        own = {step.name for step in row}
        for step in row:
            lines.append(f"  {_node(numbers[step.name], step)}")
            # What another need already waits for needs no arrow of its own.
            near = [need for need in step.needs if not any(need in before[other] for other in step.needs)]
            first = ["begin"] if made or plan.approval.required else []
            lines += [f"  {need} --> {step.name}" for need in near if need in own] or [
                f"  {need} --> {step.name}" for need in first
            ]
        made.append("\n".join([*lines, STYLES]))
        last = row[-1].name
    return made


def _begin(plan: Plan, last: str, numbers: dict[str, int]) -> Iterator[str]:
    policy = plan.approval
    if last:
        yield f'  begin(["after {numbers[last]}"])'
    elif policy.required:
        limit = duration(policy.expires_after.total_seconds())
        yield f'  begin{{{{"{policy.required} of {len(policy.approvers)}<br/>approve<br/>within {limit}"}}}}:::person'


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


def _rows(plan: Plan, before: dict[str, set[str]]) -> list[list[Step]]:
    """The steps in rows of about the same width, cut only where everything later waits for everything earlier."""
    names = [step.name for step in plan.steps]
    narrow = {one for one in names if all(one == o or one in before[o] or o in before[one] for o in names)}
    parts: dict[int, list[Step]] = {}
    for step in plan.steps:
        parts.setdefault(len(narrow & before[step.name]), []).append(step)
    widths = {number: _width(part, before) for number, part in parts.items()}
    whole = sum(widths.values())
    wanted = whole / ceil(whole / WIDEST) if whole else 0
    rows: list[list[Step]] = []
    room = 0.0
    for number in sorted(parts):
        if not rows or room < widths[number] - 0.5:
            rows.append([])
            room = wanted
        rows[-1] += parts[number]
        room -= widths[number]
    return rows


def _width(part: list[Step], before: dict[str, set[str]]) -> int:
    """How many steps of these come one after the other."""
    depth: dict[str, int] = {}
    for step in part:
        depth[step.name] = 1 + max((depth[name] for name in depth if name in before[step.name]), default=0)
    return max(depth.values())


def ancestors(plan: Plan) -> dict[str, set[str]]:
    """For each step all that must be over before it."""
    found: dict[str, set[str]] = {}
    for step in plan.steps:
        found[step.name] = {*step.needs, *(earlier for need in step.needs for earlier in found[need])}
    return found
