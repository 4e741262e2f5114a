"""Removes what a recovery put into the recovery region's search service."""

from shared.actions.action import Call, action
from shared.actions.search.load_search_snapshot import is_recovery_index, search_url
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
    away = search_url(service.recovery_resource_id)

    def ours(names: tuple[str, ...]) -> list[str]:
        return [name for name in names if is_recovery_index(service, name)]

    indexes, indexers = ours(search.index_names(away)), ours(search.indexer_names(away))
    sources = ours(search.data_source_names(away))
    if not indexes and not indexers and not sources:
        return Outcome(
            summary=f"{service.name}: nothing is left in {service.recovery_region}", changed=call.begun
        )
    home = search_url(service.resource_id)
    index = search.alias(home, service.alias)
    if index is None or search.document_count(home, index) == 0:
        raise CheckFailed(
            f"{service.name}: {service.alias} leads to nothing in {service.region}: the copy stays"
        )
    if search.alias(away, service.alias) in indexes:
        search.delete_alias(away, service.alias)
    for name in indexers:
        search.delete_indexer(away, name)
    for name in sources:
        search.delete_data_source(away, name)
    for name in indexes:
        search.delete_index(away, name)
    gone = ", ".join([*indexes, *indexers, *sources])
    return call.waiting_for(None, f"{service.name}: removing {gone} from {service.recovery_region}"[:1000])
