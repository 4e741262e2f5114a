"""The part of a runbook page that is done: starting, approving, watching, deciding and stopping, call by call."""

import json
from collections.abc import Iterator
from typing import Any

from shared.actions.catalog import find
from shared.model.estate import Estate
from shared.model.plan import Plan, PlanKind
from shared.model.role import Role
from shared.model.signing import undo_name
from shared.plans import runbook_words as words
from shared.plans.planning import PlanMaker
from shared.reports.wording import duration

RUN = "/api/runs/RUN_ID"
SIGN_IN = """\
```bash
# in Azure
APP=https://APP_NAME.azurewebsites.net
AUTH="Authorization: Bearer $(az account get-access-token --resource APP_ID --query accessToken -o tsv)"
# on one machine, after make start
APP=http://localhost:7071
AUTH="X-Local-User: {operator}"
```
"""


def starting(maker: PlanMaker, plan: Plan, estate: Estate) -> Iterator[str]:
    """From looking at what it would do to watching it."""
    yield from ("## What to do", "")
    yield "Say once where the app is and who you are, and replace what stands in capitals:"
    operator = next(person.mail for person in estate.people if Role.OPERATOR in person.roles)
    yield from ("", SIGN_IN.format(operator=operator))
    if maker.kind in words.STARTED_AT:
        path, body = f"/api/{words.STARTED_AT[maker.kind]}/{maker.name}", start_body(maker, estate)
        since = ""
        if "SINCE" in body.values():
            since = " SINCE is when the outage began, such as `2026-11-21T03:00:00+09:00`."
        if since and maker.for_outages:
            since += " Leave it out, and it counts from what Service Health, the health monitor or the incident says."
        yield from _call(
            f"Preview it: every request that it would send, and none is sent.{since}", f"{path}/preview", body
        )
        yield from _call("Start it. The answer holds RUN_ID.", path, body)
    else:
        yield from ("It starts from alerts only; the incident names the run.", "")
    if required := plan.approval.required:
        yield from _call(
            f"Approve it. {required} people do so, each signed in as themselves; `reject` ends it.",
            f"{RUN}/approvals",
            {"decision": "approve", "reason": "WHY"},
        )
    yield from _call("Watch it.", RUN)
    yield from _call(
        "Read or pass on the report (`html`, `pdf` or `json`); `/evidence` instead has every request that was sent.",
        f"{RUN}/report?format=html",
    )


def start_body(maker: PlanMaker, estate: Estate) -> dict[str, Any]:
    """What is sent to start it, with capitals for what only the moment knows."""
    said: dict[str, Any] = {}
    if maker.kind is PlanKind.RECOVERY:
        said = {"mode": "real", "outage_started_at": "SINCE"}
    elif maker.kind is PlanKind.DRILL:
        said = {"mode": "drill"}
    parameters = maker.sample(estate).model_dump(mode="json", exclude_defaults=True)
    return {**said, "reason": "WHY", **({"parameters": parameters} if parameters else {})}


def failing(maker: PlanMaker, plan: Plan, estate: Estate) -> Iterator[str]:
    """What the operator sees and decides when a step fails."""
    yield from ("## When a step fails", "")
    critical = [step.name for step in plan.steps if step.critical]
    if not critical or plan.mode == "first_success":
        yield from ("The run goes on without it, and the record says so. Nobody is asked.", "")
        return
    if maker.kind is PlanKind.DRILL:
        yield from (
            "Nobody is asked: at the first critical failure the run aborts and takes back what it did.",
            "",
        )
        return
    pages = duration(estate.limits.page_again_after.total_seconds())
    yield from (
        "A critical step that failed shows as `waiting_for_operator`, with its error, and so does the run.",
        f"{', '.join(estate.on_call)} is paged, again every {pages}. Steps that do not need it go on. Decide:",
        "",
        "| decision | what happens |",
        "| --- | --- |",
        "| `retry` | The step begins anew. What it has done already it finds, and leaves. |",
        "| `skip` | It counts as over, and **what waits for it starts**: be sure that what it makes is there. |",
        '| `abort` | Nothing more starts. With `"undo": true` what was done is taken back, see below. |',
        "",
    )
    yield from _call(
        "",
        f"{RUN}/decisions",
        {"step": critical[0], "decision": "retry", "reason": "WHY"},
    )
    if unsure := [f"`{step.name}`" for step in plan.steps if step.two_phase]:
        yield f"{', '.join(unsure)}: whether it took effect cannot always be proved. Then look at the resource first."
        yield ""
    if maker.kind is PlanKind.RECOVERY:
        yield 'With `"mode": "drill"` nobody is asked: at the first critical failure the run aborts and takes back'
        yield from ("what it did.", "")


def stopping(plan: Plan, estate: Estate) -> Iterator[str]:
    """Holding and giving up, and what goes back then."""
    yield from ("## Hold it, give it up", "")
    yield from _call(
        "Hold it: what runs finishes, nothing starts, until the same call to `/resume`.",
        f"{RUN}/pause",
        {"reason": "WHY"},
    )
    undone = [step for step in reversed(plan.steps) if step.undo]
    back = 'with `"undo": true` what was done is then taken back' if undone else "what was done stays"
    yield from _call(
        f"Give it up: what runs finishes, nothing starts; {back}.",
        f"{RUN}/abort",
        {"reason": "WHY", "undo": False},
    )
    if undone:
        yield "The last of it goes back first, and each undo proves first that where it goes back to is well:"
        yield from ("", "| undo | what it does | on |", "| --- | --- | --- |")
    for step in undone:
        assert step.undo is not None
        yield f"| `{undo_name(step.name)}` | {find(step.undo.action).summary} | {words.touched(step.undo, estate)} |"
    if kept := [f"`{step.name}`" for step in plan.steps if step.changes and not step.undo]:
        yield from ("", f"Stays as it is: what {', '.join(kept)} did.")
    yield ""


def _call(what: str, path: str, body: dict[str, Any] | None = None) -> Iterator[str]:
    sent = "" if body is None else f" \\\n     -d '{json.dumps(body)}'"
    yield from ((what, "") if what else ())
    yield from ("```bash", f'curl -sS -H "$AUTH" "$APP{path}"{sent}', "```", "")
