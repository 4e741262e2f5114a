"""Whether a drill brought service back: the simulator's truth and the run's record decide, nobody's word."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from infra.local.drill.picture import faring
from infra.local.drill.truth import Outage, Truth
from shared.model.run import RunRecord, RunStatus, StepStatus
from shared.reports.wording import line

STEADY_SECONDS = 30
"""Simulated seconds without a single failed request that count as being served."""

_HISTORY = re.compile(r"/microsoft\.resources/deployments/|/workspaces/[^/]+/jobs/", re.IGNORECASE)
_ENDED = {
    RunStatus.FAILED: "failed",
    RunStatus.REJECTED: "was rejected",
    RunStatus.ABORTED: "was aborted",
}


def problems(run: RunRecord, *, gave_up: str, untrue: list[str]) -> list[str]:
    """Everything that keeps a drill from counting as passed; the decisive one first.

    `gave_up` is why the drill gave up waiting (or nothing), `untrue` what the scenario finds wrong with the world in a
    look some time after the run ended.
    """
    found = [gave_up] if gave_up else []
    if run.status is not RunStatus.SUCCEEDED and not gave_up:
        reason = f": {line(run.status_reason)}" if run.status_reason else ""
        found.append(f"the run {_ENDED.get(run.status, 'did not end')}{reason}")
    if run.status is RunStatus.SUCCEEDED and run.rto.target_seconds and run.rto.measured_seconds is None:
        found.append("the run succeeded without a measured recovery time")
    found += [
        f"step {step.name} {step.status}: {line(step.error)}"
        for step in run.steps
        if step.status in {StepStatus.FAILED, StepStatus.UNKNOWN} and step.error
    ]
    return list(dict.fromkeys([*found, *untrue]))


def unserved(truth: Truth, served_from: str | None = None) -> list[str]:
    """What is wrong with the tenants' traffic, `served_from` being the region that must serve them (any, if None)."""
    found: list[str] = []
    for tenant in truth.tenants:
        if not tenant.well:
            found.append(f"tenant {tenant.name} still {faring(tenant)}")
        elif served_from is not None and tenant.served_by != served_from:
            found.append(f"tenant {tenant.name} is served from {tenant.served_by}, not from {served_from}")
    if truth.all_well and not truth.steady(STEADY_SECONDS):
        found.append(f"requests still failed within the last {STEADY_SECONDS} simulated seconds")
    return found


def changed(before: Truth, after: Truth, *, but: frozenset[str] = frozenset()) -> list[str]:
    """Which resources are not what they were, but for fields of those names.

    That there was a deployment or a training job stays in Azure's own history, and no tags are as good as none.
    """
    then, now = _without(but, before.world["resources"]), _without(but, after.world["resources"])
    return [
        f"{name} is not what it was before"
        for name in sorted({*then, *now})
        if then.get(name) != now.get(name) and not _HISTORY.search(name)
    ]


def _without(fields: frozenset[str], value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        return {
            key: _without(fields, one)
            for key, one in value.items()
            if key not in fields and (key != "tags" or one)
        }
    return [_without(fields, one) for one in value] if isinstance(value, list) else value


def places(truth: Truth) -> str:
    """Where the tenants are served from, as a clause."""
    regions = " and ".join(sorted({tenant.served_by for tenant in truth.tenants}))
    return f"every tenant is served from {regions}"


def back(outages: Iterable[Outage]) -> datetime | None:
    """When the last of them ended; None where there was none, or one goes on."""
    ends = [outage.until for outage in outages]
    known = [end for end in ends if end is not None]
    return max(known) if known and len(known) == len(ends) else None
