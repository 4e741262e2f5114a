"""Removes what a recovery put into the recovery region's search service."""

from shared.actions.action import Call, action
from shared.actions.search.load_search_snapshot import search_url
from shared.errors import CheckFailed
from shared.model.estate import AiSearch
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen


class Params(Frozen):
    """The search service as the estate had it when the run began."""

    service: AiSearch


@action(changes=True)
def retire_search_index(params: Params, call: Call) -> Outcome | Pending:
    """Deletes the recovered index with its alias, indexers and data sources, once production's alias answers."""
    service, search = params.service, call.azure.search
    home, away = search_url(service.resource_id), search_url(service.recovery_resource_id)
    index = search.alias(home, service.alias)
    if index is None or search.document_count(home, index) == 0:
        raise CheckFailed(
            f"{service.name}: {service.alias} leads to nothing in {service.region}: the copy stays"
        )
    ours = [name for name in search.index_names(away) if name.startswith(f"{service.index}-")]
    tools = [name for name in search.indexer_names(away) if name.startswith(f"{service.index}-")]
    if not ours and not tools:
        return Outcome(
            summary=f"{service.name}: nothing is left in {service.recovery_region}", changed=call.begun
        )
    if search.alias(away, service.alias) in ours:
        search.delete_alias(away, service.alias)
    for name in tools:
        search.delete_indexer(away, name)
    for name in ours:
        search.delete_index(away, name)
    return call.waiting_for(
        None, f"{service.name}: removing {', '.join(ours)} from {service.recovery_region}"
    )
