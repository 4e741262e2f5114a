"""The plan for blobs that were deleted or overwritten (seed 004, section 7.2: within 14 days)."""

from datetime import timedelta
from typing import Any

from pydantic import AwareDatetime

from shared.actions.mail.notify_stakeholders import notify_stakeholders
from shared.actions.storage.check_blob_restore_point import check_blob_restore_point
from shared.actions.storage.restore_blob_data import restore_blob_data
from shared.actions.storage.validate_blob_data import validate_blob_data
from shared.errors import EstateInvalid, ParametersInvalid
from shared.model.estate import Estate, Name, Storage
from shared.model.plan import Mode, Plan, PlanKind
from shared.model.wire import Strict
from shared.plans.planning import PlanRequest, plan


class Parameters(Strict):
    """Which store, which of its containers (all, if not said), below which prefix, and to when.

    `restore_to` is when the damage began, if nothing is said; `prefix` only for a data lake.
    """

    store: Name | None = None
    containers: tuple[str, ...] = ()
    prefix: str = ""
    restore_to: AwareDatetime | None = None


def _example(estate: Estate) -> Parameters:
    return Parameters(store=next((one.name for one in estate.of_kind(Storage) if one.containers), None))


@plan(PlanKind.RECOVERY, Parameters, _example)
def blob_data_recovery(estate: Estate, request: PlanRequest, parameters: Parameters) -> Plan:
    """Puts the blobs of a store back to a moment: a flat account as ranges, a data lake file by file.

    A store with hierarchical namespace cannot be restored as a range, so the plan says which way it goes before
    anything is written.
    """
    service = _store(estate, parameters.store, request.mode)
    containers = parameters.containers or service.containers
    if unknown := sorted(set(containers) - set(service.containers)):
        raise ParametersInvalid(
            "containers",
            f"{', '.join(unknown)} is no protected container of {service.name}; "
            f"there is {', '.join(service.containers)}",
        )
    if parameters.prefix and not service.hierarchical:
        raise ParametersInvalid(
            "prefix", f"{service.name} is a flat account, which is restored container by container"
        )
    began, moment = request.outage_started_at, parameters.restore_to
    if moment and began and moment > began:
        raise ParametersInvalid("restore_to", f"lies after the damage began ({began.isoformat()})")
    moment = moment or began
    what: dict[str, Any] = {"service": service, "containers": containers, "prefix": parameters.prefix}
    check = check_blob_restore_point.step(service=service, restore_to=moment, deadline=timedelta(minutes=15))
    restore = restore_blob_data.step(
        needs=(check,), **what, restore_to=moment, recovers=(service.name,), deadline=service.rto
    )
    validate = validate_blob_data.step(
        needs=(restore,), **what, restore_to=moment, recovers=(service.name,), deadline=timedelta(minutes=30)
    )
    tell = notify_stakeholders.step(
        needs=(validate,), critical=False, to=(*estate.stakeholders, service.owner)
    )
    way = "file by file, as a data lake must be" if service.hierarchical else "as ranges"
    return Plan(
        name="blob_data_recovery",
        kind=PlanKind.RECOVERY,
        title=f"Restore {', '.join(containers)} of {service.name} {way}",
        steps=(check, restore, validate, tell),
        approval=estate.approvals[PlanKind.RECOVERY],
        rto=service.rto,
        services=(service.name,),
    )


def _store(estate: Estate, name: str | None, mode: Mode) -> Storage:
    """The store of that name, or the only one; a drill, which writes nothing, takes the first data lake there is."""
    stores = [service for service in estate.of_kind(Storage) if service.containers]
    names = ", ".join(service.name for service in stores)
    if not stores:
        raise EstateInvalid(
            f"estate {estate.name}: no storage service names its containers, so none can be restored"
        )
    chosen = [service for service in stores if name in {None, service.name}]
    if not chosen:
        raise ParametersInvalid("store", f"'{name}' is no store with protected containers; there is {names}")
    if len(chosen) > 1:
        if mode is Mode.REAL:
            raise ParametersInvalid("store", f"say which: {names}")
        lakes = [service for service in chosen if service.hierarchical]
        return lakes[0] if lakes else chosen[0]
    return chosen[0]
