"""Reads the primary region's search index anew from its source, before tenants come back to it."""

from shared.actions.action import Call, action
from shared.actions.search.load_search_snapshot import search_url, snapshot, still_indexing
from shared.errors import CheckFailed
from shared.gateways.search import IndexerRun
from shared.model.estate import AiSearch, Storage
from shared.model.outcome import Outcome, Pending
from shared.model.plan import Mode
from shared.model.wire import Frozen


class Params(Frozen):
    """The search service, and the account with the snapshots: they know what the index looks like."""

    service: AiSearch
    storage: Storage


@action(changes=True)
def rebuild_search_index(params: Params, call: Call) -> Outcome | Pending:
    """Resets the indexer of the primary region's index, waits for a whole run, and leads the alias there.

    After an outage that index holds what it held then, and perhaps documents that the failover lost; nobody reads
    it yet, so it is filled again in peace. In a drill nothing was lost and its own indexer has gone on: then it is
    only looked at.
    """
    service, search = params.service, call.azure.search
    endpoint, index = search_url(service.resource_id), service.index
    if index not in search.index_names(endpoint):
        _, definition = snapshot(service, params.storage, call)
        search.create_index(endpoint, {**definition, "name": index})
        return call.waiting_for(None, f"{service.name}: {index} is made anew in {service.region}")
    indexers = search.indexers_of(endpoint, index)
    if len(indexers) != 1:
        raise CheckFailed(
            f"{service.name}: {len(indexers)} indexers fill {index} in {service.region}, so it cannot be rebuilt: "
            "let exactly one fill it, then retry"
        )
    runs = search.runs(endpoint, indexers[0])
    if call.mode is Mode.REAL or call.begun:
        waiting = _whole_run(params, call, endpoint, indexers[0], runs)
        if waiting is not None:
            return waiting
    elif not runs or runs[0].status not in {"succeeded", "running"}:
        why = f"{runs[0].status} {runs[0].detail}".strip() if runs else "it never ran"
        raise CheckFailed(f"{service.name}: indexer {indexers[0]} does not work: {why}", retryable=True)
    count = search.document_count(endpoint, index)
    if count == 0:
        raise CheckFailed(f"{service.name}: {index} in {service.region} is empty", retryable=True)
    if search.alias(endpoint, service.alias) != index:
        search.set_alias(endpoint, service.alias, index)
        return call.waiting_for(None, f"{service.name}: alias {service.alias} moves to {index}")
    return Outcome(
        summary=f"{service.name}: {count} documents stand ready in {service.region}",
        changed=call.begun,
        evidence={"index": index, "documents": count},
    )


def _whole_run(
    params: Params, call: Call, endpoint: str, indexer: str, runs: tuple[IndexerRun, ...]
) -> Pending | None:
    """See a reset and a whole run after it through; None when both are done.

    A reset takes no key, so what the indexer's history held is kept before it: only a reset that was not in it is
    ours, and then none more is sent.
    """
    what = f"{params.service.name}: {indexer} reads everything anew"
    resets = [run.started for run in runs if run.status == "reset"]
    if "resets" not in call.progress:
        return call.waiting_for(None, what, begun=call.begun, resets=resets)
    ours = [
        run.started for run in runs if run.status == "reset" and run.started not in call.progress["resets"]
    ]
    if not ours:
        call.azure.search.reset_indexer(endpoint, indexer)
        return call.waiting_for(None, what)
    since = runs[: next(place for place, run in enumerate(runs) if run.started == ours[0])]
    if not since:
        call.azure.search.run_indexer(endpoint, indexer)
        return call.waiting_for(None, what)
    if any(run.status == "succeeded" for run in since):
        call.progress["begun"] = True
        return None
    return still_indexing(since[0], endpoint, indexer, call, what)
