"""Proves with a short training job that a machine learning workspace works."""

import hashlib
from datetime import timedelta

from shared.actions.action import Call, action
from shared.errors import CheckFailed
from shared.gateways.machine_learning import Job
from shared.model.estate import SampleJob
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen

MOST_JOBS = 20
"""How many jobs one step may submit, over all retries of people."""


class Params(Frozen):
    """The workspace by its resource id, and what to run there."""

    workspace_id: str
    job: SampleJob


@action(changes=True)
def run_sample_training_job(params: Params, call: Call) -> Outcome | Pending:
    """Submits the sample job and sees it through until it is completed.

    Its name is made of run and step, so a second attempt finds the first one's job; only after one has failed is
    another submitted, and only when people say: retry.
    """
    sample, learning = params.job, call.azure.machine_learning
    workspace = params.workspace_id.rsplit("/", 1)[-1]
    mine = call.progress.get("job")
    name, job = _current(params, call) if mine is None else (mine, learning.job(params.workspace_id, mine))
    if job is None:
        if learning.cluster(params.workspace_id, sample.compute) is None:
            raise CheckFailed(f"{workspace} has no cluster {sample.compute}: reconnect it, then retry")
        learning.submit_job(
            params.workspace_id,
            name,
            command=sample.command,
            environment=sample.environment,
            compute=sample.compute,
        )
        return call.waiting_for(
            None, f"{workspace}: job {name} is submitted", job=name, submitted=call.now.timestamp()
        )
    if job.status == "Completed":
        return Outcome(
            summary=f"{workspace} has trained: job {name} is completed",
            changed=call.begun,
            evidence={"job": name, "workspace": params.workspace_id},
        )
    if job.over:
        raise CheckFailed(
            f"{workspace}: job {name} is {job.status}: {job.detail or 'see its logs'}; repair, then retry"
        )
    since = float(call.progress.get("submitted") or call.now.timestamp())
    if call.now.timestamp() - since > sample.within.total_seconds():
        raise CheckFailed(_late(job, workspace, sample.within))
    return call.waiting_for(None, f"{workspace}: job {name} is {job.status}", job=name, submitted=since)


def _current(params: Params, call: Call) -> tuple[str, Job | None]:
    """The job of this step that has not failed, or the name of the next one."""
    own = hashlib.sha256(call.key.encode()).hexdigest()[:16]
    for number in range(1, MOST_JOBS + 1):
        name = f"sample-{own}-{number}"
        job = call.azure.machine_learning.job(params.workspace_id, name)
        if job is None or job.status == "Completed" or not job.over:
            return name, job
    raise CheckFailed(
        f"{MOST_JOBS} sample jobs have failed in {params.workspace_id}: skip this step, or abort"
    )


def _late(job: Job, workspace: str, within: timedelta) -> str:
    why = "its cluster gets no nodes: look at quota and scale" if job.status == "Queued" else "see its logs"
    return f"{workspace}: job {job.name} is still {job.status} after {within}: {why}, then retry"
