"""Restarts a container app, and proves that it helped."""

from datetime import timedelta
from typing import Any

from shared.actions.action import Call, action
from shared.actions.proof import Healthy, Proof, proven, well_already
from shared.errors import CheckFailed, EffectUnknown
from shared.gateways.container_app_control import is_stopped
from shared.gateways.container_apps import App
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen

SETTLES_WITHIN = timedelta(minutes=3)
"""How long a restart may leave old and new replicas side by side."""

READY_WITHIN = timedelta(minutes=10)

PROBES, PROBE_SECONDS = 4, 5.0
"""How often in a row an app must fail to count as down altogether, for one answer may come from its one bad replica."""


class Params(Frozen):
    """The container app by its resource id."""

    app_id: str
    proof: Proof | None = None


def observe(params: Params, call: Call) -> dict[str, Any]:
    """The names of the replicas of every active revision."""
    app = running_app(params.app_id, call)
    return {"replicas": _replicas(app, call)}


@action(changes=True, observe=observe)
def restart_service(params: Params, call: Call) -> Outcome | Pending:
    """Restarts every active revision of a container app whose replicas are still those that were observed.

    A restart takes no key, but it replaces every replica, and their names are never used again: when none of the
    observed ones is left it has happened, while all of them and no other are there it has not. Container Apps cannot
    restart one replica alone, so what nobody agreed to gives way to other remedies while too many of them serve.
    """
    if (ended := well_already(params.proof, call)) is not None:
        return ended
    app = running_app(params.app_id, call)
    if app.busy:
        return call.waiting_for(None, f"{params.app_id} is being changed", begun=call.begun)
    observed: dict[str, list[str]] = call.before["replicas"]
    restarted: list[str] = list(call.progress.get("restarted", []))
    now = _replicas(app, call)
    if call.guarded and not call.begun:
        _spare_what_serves(params, app, tuple(now), call)
    for revision in [one for one in observed if one in now and one not in restarted]:
        before, after = set(observed[revision]), set(now[revision])
        if before == after:
            call.azure.replicas.restart(app, revision)
            restarted.append(revision)
            return call.waiting_for(None, f"{revision} restarts", retry_after=0, restarted=restarted)
        if before & after:
            return _unsettled(revision, call)
    name = params.app_id.rsplit("/", 1)[-1]
    starting = [
        one.name
        for revision in now
        for one in call.azure.replicas.of(app, revision)
        if not one.running or one.name in observed.get(revision, [])
    ]
    if starting or not any(now.values()):
        return _starting(name, starting, call)
    outcome = Outcome(
        summary=f"{name} was restarted: {sum(map(len, now.values()))} new replicas run",
        changed=call.begun,
        evidence={"before": observed, "after": now},
    )
    return proven(params.proof, call, outcome)


def running_app(app_id: str, call: Call) -> App:
    """The app; CheckFailed where there is none, or somebody has stopped it."""
    app = call.azure.container_apps.app(app_id)
    if app is None:
        raise CheckFailed(f"{app_id} does not exist: correct the estate, or restore the app")
    if is_stopped(app):
        raise CheckFailed(f"{app_id} is stopped: find out who stopped it and why before it is started")
    return app


def _replicas(app: App, call: Call) -> dict[str, list[str]]:
    active = [one for one in call.azure.app_changes.revisions(app) if one.active]
    return {one.name: sorted(found.name for found in call.azure.replicas.of(app, one.name)) for one in active}


def _spare_what_serves(params: Params, app: App, revisions: tuple[str, ...], call: Call) -> None:
    """CheckFailed where more of the replicas serve than may be touched at once, and the app is not down altogether."""
    found = [one for revision in revisions for one in call.azure.replicas.of(app, revision)]
    serving, limit = sum(one.running for one in found), call.estate.limits.blast_radius
    if not found or serving / len(found) <= limit or _is_down(params.proof, call):
        return
    raise CheckFailed(
        f"guardrails: blast radius: a restart replaces all {len(found)} replicas of {params.app_id.rsplit('/', 1)[-1]} "
        f"at once, {serving} of them run and it answers, {limit:.0%} at once are allowed: restart it yourself if it "
        "must be (start the plan in your own name)"
    )


def _is_down(proof: Proof | None, call: Call) -> bool:
    """Whether it answers nobody: its replicas may run, and serve nothing all the same."""
    urls = [one.url for one in proof.conditions if isinstance(one, Healthy)] if proof is not None else []
    return bool(urls) and not any(
        call.azure.probe(url, timeout=PROBE_SECONDS).healthy for url in urls for _ in range(PROBES)
    )


def _unsettled(revision: str, call: Call) -> Pending:
    """Old and new replicas: a restart is on its way (perhaps our own, whose answer was lost), or it was scaled."""
    since = float(call.progress.get("unsettled_since") or call.now.timestamp())
    if call.now.timestamp() - since > SETTLES_WITHIN.total_seconds():
        raise EffectUnknown(
            f"the replicas of {revision} have changed since they were observed, but not all of them: it was scaled, "
            "or a restart hangs; look at its replicas, then retry or skip"
        )
    return call.waiting_for(
        None, f"{revision} has old and new replicas", begun=call.begun, unsettled_since=since
    )


def _starting(name: str, starting: list[str], call: Call) -> Pending:
    since = float(call.progress.get("starting_since") or call.now.timestamp())
    if call.now.timestamp() - since > READY_WITHIN.total_seconds():
        told = ", ".join(starting) or "no replica"
        raise CheckFailed(
            f"{name} was restarted, but is not ready after {READY_WITHIN}: {told} does not run; "
            "look at its logs"
        )
    return call.waiting_for(
        None, f"{name}: {len(starting)} replicas start or end", begun=call.begun, starting_since=since
    )
