"""Brings a service's data back to a moment when it was good."""

from datetime import datetime

from shared.actions.action import Call, action
from shared.actions.key_vault.recover_key_vault import Params as Secrets
from shared.actions.key_vault.recover_key_vault import recover_key_vault
from shared.actions.notes import note
from shared.actions.restoration import decide, note_name, restoration_of
from shared.actions.restored_database import restore_database
from shared.actions.restored_files import restore_files
from shared.model.estate import CosmosDb, KeyVault, Storage
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen


class Params(Frozen):
    """`good_at`: the moment of the last manifest from before `known_since` when nothing is said.

    `containers`: those that are certainly corrupt.
    """

    service: CosmosDb | Storage | KeyVault
    good_at: datetime | None = None
    known_since: datetime | None = None
    containers: tuple[str, ...] = ()


@action(changes=True)
def restore_from_backup(params: Params, call: Call) -> Outcome | Pending:
    """Restores what is corrupt to the last moment when it was good, by the way that loses least.

    Documents: into a new account, beside the corrupted one, with those that were written later and prove
    themselves; deleted containers in their place. Files: in place. Secrets: undeleted. What is sound stays.
    """
    service = params.service
    wanted = restoration_of(service, call)
    if wanted is None:
        wanted = decide(service, params.good_at, params.known_since, params.containers, call)
        note(call, note_name(service), wanted)
    if wanted.route == "nothing":
        return Outcome(
            summary=f"{service.name}: nothing is corrupt, so nothing is restored",
            evidence=wanted.to_wire(),
        )
    match service:
        case CosmosDb():
            return restore_database(service, wanted, call)
        case Storage():
            return restore_files(service, wanted, call)
        case KeyVault():
            here = {"recovery_resource_id": service.resource_id, "recovery_region": service.region}
            secrets = tuple(sorted({*service.secrets, *wanted.containers}))
            there = service.model_copy(update={**here, "secrets": secrets})
            return recover_key_vault(Secrets(service=there), call)
