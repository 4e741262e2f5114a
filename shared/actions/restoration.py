"""What a restore has decided: from when, by which way, and where the good data is then."""

from datetime import datetime
from typing import Literal

from shared.actions.action import Call
from shared.actions.integrity import DataService, last_good, problems
from shared.actions.notes import noted
from shared.errors import CheckFailed
from shared.gateways.resource_id import parts
from shared.model.estate import CosmosDb, KeyVault, Storage
from shared.model.wire import Frozen

type Route = Literal["nothing", "new_account", "deleted_containers", "blob_ranges", "secrets"]


class Restoration(Frozen):
    """`containers`: what is restored (names of secrets for a vault); `account_id`: where the data is afterwards."""

    service: str
    route: Route
    good_at: datetime
    account_id: str
    containers: tuple[str, ...]
    problems: tuple[str, ...] = ()


def restoration_of(service: DataService, call: Call) -> Restoration | None:
    """What this run decided for a service, or None when nothing was decided yet."""
    return noted(call, note_name(service), Restoration)


def note_name(service: DataService) -> str:
    """Where the decision stands beside the run's record."""
    return f"restoration-{service.name}"


def decide(
    service: DataService,
    good_at: datetime | None,
    known_since: datetime | None,
    named: tuple[str, ...],
    call: Call,
) -> Restoration:
    """Look at what is wrong, and choose the way back that loses least.

    Only deleted containers come back in their place: Cosmos DB restores what is there into a new account alone, and
    that way the corrupted one stays as it is for whoever investigates it, and nothing is given up before what was
    restored has been validated.
    """
    manifest = last_good(service, call, good_at or known_since)
    moment = good_at or (manifest.taken_at if manifest else None)
    if moment is None:
        raise CheckFailed(
            f"{service.name} has no integrity manifest, so nobody knows when it was good: start again with good_at"
        )
    moment = moment.replace(microsecond=0)
    wrong = problems(service, manifest, call)
    said = tuple(problem for group in wrong.values() for problem in group)[:20]

    def found(route: Route, account_id: str, containers: tuple[str, ...]) -> Restoration:
        return Restoration(
            service=service.name,
            route=route if containers else "nothing",
            good_at=moment,
            account_id=account_id,
            containers=containers,
            problems=said,
        )

    match service:
        case CosmosDb():
            there = call.azure.cosmos_restore.containers(service.resource_id, service.database)
            corrupt = tuple(
                name for name in service.containers if name in there and (name in wrong or name in named)
            )
            gone = tuple(name for name in service.containers if name not in there)
            if corrupt:
                return found("new_account", _beside(service, moment), service.containers)
            return found("deleted_containers", service.resource_id, gone)
        case Storage():
            files = tuple(name for name in service.containers if name in wrong or name in named)
            return found("blob_ranges", service.resource_id, files)
        case KeyVault():
            return found("secrets", service.resource_id, tuple(sorted(wrong)))


def _beside(service: CosmosDb, moment: datetime) -> str:
    """The id of the account that is restored, named after the moment: at most 44 characters."""
    name = parts(service.resource_id).name
    return f"{service.resource_id.rsplit('/', 1)[0]}/{name[:30]}-r{moment:%y%m%d%H%M%S}"
