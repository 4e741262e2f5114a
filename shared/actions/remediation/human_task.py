"""Waits until somebody has done what no program can, and has left evidence of it."""

import hashlib
from datetime import timedelta

from markupsafe import escape

from shared.actions.action import Call, action
from shared.actions.mail.notify_stakeholders import deliver
from shared.gateways.mail import Message
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen

OFTEN, SELDOM = timedelta(seconds=30), timedelta(minutes=15)
"""How soon it is looked for evidence at first, and after hours."""


class Params(Frozen):
    """What is to be done, by whom, and in which container of the records account the evidence is awaited."""

    task: str
    to: tuple[str, ...]
    container: str
    evidence: str


@action(changes=True)
def human_task(params: Params, call: Call) -> Outcome | Pending:
    """Asks people by mail for what only they can do, and goes on when evidence of it lies where it is awaited.

    Evidence is any file below the run's and the step's own folder; its SHA-256 is kept in the record. Without it the
    step waits until its deadline, and then asks an operator: skipping it says who decided so and why.
    """
    account = call.estate.platform.records_account_url
    folder = f"{call.run_id}/{call.step}/"
    asked_at = call.progress.get("asked_at")
    if asked_at is None:
        sent = deliver(call, _message(params, call, f"{account}/{params.container}/{folder}"))
        if isinstance(sent, Pending):
            return sent
        asked_at = call.now.timestamp()
    found = call.azure.blobs.names(account, params.container, folder)
    if not found:
        waited = call.now.timestamp() - float(asked_at)
        return call.waiting_for(
            None,
            f"asked {', '.join(params.to)}; waiting for evidence in {params.container}/{folder}: {params.evidence}",
            retry_after=min(max(OFTEN.total_seconds(), waited * 0.05), SELDOM.total_seconds()),
            begun=call.begun,
            asked_at=asked_at,
        )
    kept = {
        name: hashlib.sha256(call.azure.blobs.read(account, params.container, name) or b"").hexdigest()
        for name in found
    }
    return Outcome(
        summary=f"done, with {len(kept)} pieces of evidence: {params.task}"[:300],
        changed=call.begun,
        evidence={"files": kept},
    )


def _message(params: Params, call: Call, place: str) -> Message:
    text = (
        f"Run {call.run_id} waits for you:\n\n  {params.task}\n\n"
        f"When it is done, put evidence of it here:\n\n  {place}\n\n"
        f"What is wanted: {params.evidence}. The run goes on by itself within minutes.\n"
    )
    subject = f"To do: {params.task}"[:200]
    return Message(to=params.to, subject=subject, text=text, html=f"<pre>{escape(text)}</pre>")
