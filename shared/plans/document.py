"""The catalog as a document: every plan as a runbook with its diagram, every action in a line.

`python -m shared.plans.document` writes docs/catalog.md; a test fails when that is stale.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from shared.actions.catalog import catalog as actions
from shared.estate.load import load
from shared.model.estate import Estate
from shared.model.plan import Mode, Plan
from shared.plans.catalog import catalog as plans
from shared.plans.planning import PlanMaker, PlanRequest

ROOT = Path(__file__).parent.parent.parent
DOCUMENT = ROOT / "docs" / "catalog.md"


def catalog_markdown(estate: Estate) -> str:
    """Markdown of all plans, as they would be made for this estate, and of all actions."""
    lines = [
        "# Plans and actions",
        "",
        f"Made from the catalog for the sample estate ({estate.title}) by `make docs`; do not edit.",
        "",
    ]
    for _, maker in sorted(plans().items()):
        lines += _plan(maker, maker(estate, PlanRequest(mode=Mode.DRILL)))
    lines += ["## Actions", "", "| action | changes Azure | what it does |", "| --- | --- | --- |"]
    for name, action in sorted(actions().items()):
        lines.append(f"| `{name}` | {'yes' if action.changes else 'no'} | {action.summary} |")
    return "\n".join(lines) + "\n"


def _plan(maker: PlanMaker, plan: Plan) -> Iterator[str]:
    yield from (f"## `{maker.name}` ({maker.kind})", "", f"{maker.title}.", "")
    approval = plan.approval
    if approval.required:
        yield f"Needs {approval.required} approvals, from {', '.join(approval.approvers)}."
        yield ""
    if plan.rto:
        yield f"Recovery time objective: {plan.rto.total_seconds() / 3600:g} h."
        yield ""
    yield from ("```mermaid", "flowchart LR")
    for step in plan.steps:
        yield f"  {step.name}" + ("" if step.critical else f"([{step.name}])")
        yield from (f"  {need} --> {step.name}" for need in step.needs)
    yield from ("```", "", "| step | needs | if it fails | undo |", "| --- | --- | --- | --- |")
    for step in plan.steps:
        needs = ", ".join(step.needs) or "nothing"
        fails = "the run waits for an operator" if step.critical else "the run goes on"
        yield f"| `{step.name}` | {needs} | {fails} | {f'`{step.undo.action}`' if step.undo else 'none'} |"
    yield ""


def main() -> None:
    DOCUMENT.parent.mkdir(exist_ok=True)
    DOCUMENT.write_text(catalog_markdown(load(ROOT / "shared" / "estate" / "contoso.yaml")), encoding="utf-8")
    sys.stdout.write(f"wrote {DOCUMENT.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
