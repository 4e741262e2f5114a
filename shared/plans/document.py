"""The catalog as documents: a runbook page for every plan, an index of them, and every action in a line.

`python -m shared.plans.document` writes them; a test fails when one is stale.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from shared.actions.catalog import catalog as actions
from shared.estate.load import load
from shared.model.estate import Estate
from shared.model.plan import PlanKind
from shared.plans.catalog import catalog as plans
from shared.plans.runbook import page, shown
from shared.plans.runbook_words import approval, triggers
from shared.reports.wording import duration

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
RUNBOOKS = DOCS / "runbooks"
SAMPLE = ROOT / "shared" / "estate" / "contoso.yaml"


def documents(estate: Estate) -> dict[Path, str]:
    """Every page by its file, as the plans would be made for this estate."""
    made = f"Made from the catalog for the sample estate ({estate.title}) by `make docs`; do not edit."
    pages = {RUNBOOKS / f"{name}.md": f"{page(maker, estate)}\n{made}\n" for name, maker in plans().items()}
    return {
        **pages,
        RUNBOOKS / "README.md": "\n".join(_index(estate)) + f"\n{made}\n",
        DOCS / "catalog.md": "\n".join(_actions(estate)) + f"\n\n{made}\n",
    }


def _index(estate: Estate) -> Iterator[str]:
    yield from ("# Runbooks", "", "Every plan as it would run, with each call to make.", "")
    for kind in PlanKind:
        makers = sorted((one for one in plans().values() if one.kind is kind), key=lambda one: one.name)
        if not makers:
            continue
        yield from (
            f"## {kind.capitalize()}",
            "",
            "| plan | what for | begins with | must approve | target |",
        )
        yield "| --- | --- | --- | --- | --- |"
        for maker in makers:
            plan = shown(maker, estate)
            target = duration(plan.rto.total_seconds()) if plan.rto else ""
            begins = "; ".join(triggers(maker, estate))
            link = f"[{maker.name}]({maker.name}.md)"
            yield f"| {link} | {maker.title}. | {begins} | {approval(plan)} | {target} |"
        yield ""


def _actions(estate: Estate) -> Iterator[str]:
    users: dict[str, list[str]] = {}
    for name, maker in sorted(plans().items()):
        steps = shown(maker, estate).steps
        for action in {step.action for step in [*steps, *(step.undo for step in steps if step.undo)]}:
            users.setdefault(action, []).append(f"[{name}](runbooks/{name}.md)")
    yield from ("# Actions", "", "What the steps of the [runbooks](runbooks/README.md) are made of.", "")
    yield from ("| action | changes Azure | what it does | in |", "| --- | --- | --- | --- |")
    for name, action in sorted(actions().items()):
        changes = "yes" if action.changes else "no"
        yield f"| `{name}` | {changes} | {action.summary} | {', '.join(users.get(name, []))} |"


def main() -> None:
    wanted = documents(load(SAMPLE))
    for stale in set(RUNBOOKS.glob("*.md")) - set(wanted):
        stale.unlink()
    for file, content in wanted.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
    sys.stdout.write(f"wrote {len(wanted)} pages below {DOCS.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
