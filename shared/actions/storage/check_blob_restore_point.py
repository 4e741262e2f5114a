"""Proves that a store can be put back to a moment, and says in which way."""

from datetime import datetime, timedelta

from shared.actions.action import Call, action
from shared.errors import CheckFailed
from shared.gateways.data_lake import Kept
from shared.model.estate import Storage
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen


class Params(Frozen):
    """The store, and to when; now, if nothing is said (a drill)."""

    service: Storage
    restore_to: datetime | None = None


@action(changes=False)
def check_blob_restore_point(params: Params, call: Call) -> Outcome | Pending:
    """Asks the account what it keeps of the past and for how long, and whether the moment lies within that.

    A flat account is restored as a range. One with hierarchical namespace (a data lake) cannot be: its deleted files
    are undeleted one by one, and overwritten ones taken back from snapshots.
    """
    service = params.service
    kept = call.azure.data_lake.kept(service.resource_id)
    if kept is None:
        raise CheckFailed(
            f"{service.resource_id} does not exist: a store that is gone is no matter of restoring blobs"
        )
    if kept.hierarchical is not service.hierarchical:
        says, is_ = ("a data lake", "flat") if service.hierarchical else ("flat", "a data lake")
        raise CheckFailed(
            f"{service.name} is {is_}, the estate says {says}: correct `hierarchical` there, then retry"
        )
    moment = params.restore_to or call.now
    back = call.now - moment
    if back < timedelta(0) and params.restore_to is not None:
        raise CheckFailed(f"{moment} lies in the future: name a moment from before the damage")
    limit = _limit(service, kept)
    if back > limit:
        raise CheckFailed(
            f"{moment} lies {_days(back)} back, {service.name} can be restored for {_days(limit)}: what was lost "
            "before that must come from its source"
        )
    return Outcome(summary=f"{service.name} {_way(service)}", evidence={"kept": kept.to_wire()})


def _limit(service: Storage, kept: Kept) -> timedelta:
    """For how long back the account can truly be restored; CheckFailed where that is switched off."""
    days = kept.file_days if service.hierarchical else kept.restore_days
    if not days:
        what = "soft delete of blobs" if service.hierarchical else "point-in-time restore"
        raise CheckFailed(
            f"{what} is not switched on for {service.name}: nothing of the past is kept that could come back"
        )
    return min(service.restorable_for, timedelta(days=days))


def _way(service: Storage) -> str:
    if service.hierarchical:
        return (
            "is a data lake, for which Azure has no range restore: deleted files are undeleted one by one, "
            "overwritten ones taken back from their snapshots"
        )
    return "is a flat account: its containers are restored as ranges to that moment"


def _days(duration: timedelta) -> str:
    return f"{duration.total_seconds() / 86_400:.1f} days"
