"""Keeps what the configuration is before anything is touched."""

from shared.actions.action import Call, action
from shared.actions.configuration import configuration, keep, kept, kept_at
from shared.model.estate import Service
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen
from shared.planners.fingerprint import fingerprint, hashes


class Params(Frozen):
    """Whose configuration, and under which name it is kept."""

    services: tuple[Service, ...]
    name: str = "before"


@action(changes=False)
def take_fingerprint(params: Params, call: Call) -> Outcome | Pending:
    """Reads the configuration of every resource of the services and keeps it as evidence, with a hash for each.

    What was kept once stays: it is the state that the run found, also when this is called again later.
    """
    found = kept(call, params.name)
    if found is None:
        found = configuration(params.services, call)
        keep(call, params.name, found)
    whole = fingerprint(found)
    return Outcome(
        summary=f"configuration of {len(found)} things kept, fingerprint {whole[:16]}",
        evidence={
            "fingerprint": whole,
            "resources": hashes(found),
            "kept": kept_at(call, params.name),
        },
    )
