"""Writes the next number to a store, so that a recovery can tell which write was the last to survive."""

from shared.actions.action import Call, action
from shared.gateways.canaries import CanaryLog
from shared.model.canary import Canary
from shared.model.estate import CosmosDb, Storage
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen


class Params(Frozen):
    """The store that is written to."""

    service: CosmosDb | Storage


@action(changes=True, routine=True)
def write_canary(params: Params, call: Call) -> Outcome | Pending:
    """Adds one to the number that the store holds, and keeps number and time where no outage of the store reaches.

    What is kept is what the store has acknowledged, so a number that is kept and not there any more was lost.
    """
    service, platform = params.service, call.estate.platform
    store = call.azure.canaries.store(service)
    log = CanaryLog(call.azure.blobs, platform.records_account_url, platform.records_container)
    seen, tag = store.read()
    if seen is not None and seen.key == call.key:
        changed = seen not in log.noted(service.name, seen.at.date())
        if changed:
            log.note(service.name, seen)
        return Outcome(summary=f"{service.name}: canary {seen.sequence} is written", changed=changed)
    canary = Canary(sequence=(seen.sequence if seen else 0) + 1, at=call.now, key=call.key)
    store.write(canary, tag)
    log.note(service.name, canary)
    return Outcome(summary=f"{service.name}: canary {canary.sequence} is written", changed=True)
