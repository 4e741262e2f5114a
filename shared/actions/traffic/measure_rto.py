"""Tells when users were really served again, from the requests that they sent themselves."""

from datetime import datetime, timedelta

from shared.actions.action import Call, action
from shared.errors import CheckFailed
from shared.model.estate import Tenant
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen

LOGGED_WITHIN = timedelta(minutes=5)
"""By then what was asked is logged: mostly after 20 seconds to 3 minutes (Azure Monitor, log data ingestion time)."""
LOOK_EVERY = timedelta(seconds=15)
STANDS = "the recovery time ends when service is proved"


class Params(Frozen):
    """The front doors, whose requests count there (anybody's without tenants), and the steps that let them in again."""

    addresses: tuple[str, ...]
    tenants: tuple[Tenant, ...] = ()
    opened_by: tuple[str, ...]


@action(changes=False, wants_record=True)
def measure_rto(params: Params, call: Call) -> Outcome | Pending:
    """Finds each tenant's first request that was answered after it was let in: the last ends the recovery time.

    A validation proves later what users have seen before: it waits until every resolver must have forgotten the old
    address, which most have done by then, and takes its own time. Who asked for nothing until minutes after missed
    nothing.
    """
    opened_at = _opened_at(params, call)
    if opened_at is None:
        return Outcome(summary=f"{', '.join(params.opened_by)} has let nobody in yet: {STANDS}")
    served = _served(params, call, opened_at)
    silent = [name for name in _callers(params) if name not in served]
    since = float(call.progress.get("asked_since") or call.now.timestamp())
    if silent and call.now.timestamp() - since < LOGGED_WITHIN.total_seconds() * call.pace:
        return call.waiting_for(
            None,
            f"no answered request of {', '.join(silent)} is logged yet",
            retry_after=LOOK_EVERY.total_seconds() * call.pace,
            begun=False,
            asked_since=since,
        )
    return Outcome(
        summary=_told(served, silent),
        served_at=max(served.values(), default=None),
        evidence={name: at.isoformat() for name, at in served.items()},
    )


def _opened_at(params: Params, call: Call) -> datetime | None:
    """When the last of the steps began that let users in: before that nobody was served because of them."""
    if call.record is None:
        raise CheckFailed("there is no record that says when users were let in")
    began = [step.started_at for step in call.record.steps if step.name in params.opened_by]
    return max((at for at in began if at), default=None)


def _callers(params: Params) -> list[str]:
    return [tenant.name for tenant in params.tenants] or list(params.addresses)


def _served(params: Params, call: Call, since: datetime) -> dict[str, datetime]:
    """When each caller was served again, as far as it is logged; at several doors at the last of them."""
    served: dict[str, datetime] = {}
    for address in params.addresses:
        rows = call.azure.logs.query("served_again", call.azure_time(since), call.now, address=address)
        again = {str(row["caller"]): call.own_time(row["served_at"]) for row in rows}
        if not params.tenants and again:
            again = {address: min(again.values())}
        for name, at in again.items():
            served[name] = max(at, served.get(name, at))
    return {name: served[name] for name in _callers(params) if name in served}


def _told(served: dict[str, datetime], silent: list[str]) -> str:
    unheard = f"{', '.join(silent)} asked for nothing" if silent else ""
    if not served:
        return f"{unheard}: {STANDS}"
    last = max(served, key=lambda name: served[name])
    told = f"{last} was served again at {served[last]:%H:%M:%S} UTC"
    return "; ".join(filter(None, (f"{told}, the last" if len(served) > 1 else told, unheard)))
