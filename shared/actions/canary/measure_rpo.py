"""Tells how much of the newest data a recovery lost, from the numbered writes that survived."""

from datetime import datetime, timedelta

from shared.actions.action import Call, action
from shared.errors import CheckFailed
from shared.gateways.canaries import CanaryLog
from shared.model.estate import CosmosDb, Storage
from shared.model.outcome import Finding, Outcome, Pending, ServiceObjective
from shared.model.severity import Severity
from shared.model.wire import Frozen
from shared.planners.data_loss import DataLoss, data_loss


class Params(Frozen):
    """The stores, and when the outage began."""

    services: tuple[CosmosDb | Storage, ...]
    outage_started_at: datetime | None = None


@action(changes=False, wants_record=True)
def measure_rpo(params: Params, call: Call) -> Outcome | Pending:
    """Finds the last canary that survived in each store: the time from it to the outage is the measured RPO."""
    if call.record is None:
        raise CheckFailed("there is no record that says when the recovery began")
    found = {service: _loss(service, params, call) for service in params.services}
    return Outcome(
        summary="; ".join(_told(service.name, loss) for service, loss in found.items()),
        findings=tuple(
            _missed(service, loss) for service, loss in found.items() if _met(service, loss) is False
        ),
        rpo=tuple(
            ServiceObjective(
                service=service.name,
                target_seconds=service.rpo.total_seconds() if service.rpo else None,
                measured_seconds=loss.seconds,
                met=_met(service, loss),
            )
            for service, loss in found.items()
        ),
        evidence={service.name: loss.to_wire() for service, loss in found.items()},
    )


def _loss(service: CosmosDb | Storage, params: Params, call: Call) -> DataLoss:
    assert call.record is not None
    platform, began = call.estate.platform, call.record.started_at
    outage = params.outage_started_at
    log = CanaryLog(call.azure.blobs, platform.records_account_url, platform.records_container)
    first = min(outage or began, began) - timedelta(days=1)
    days = [first.date() + timedelta(days=n) for n in range((call.now.date() - first.date()).days + 1)]
    written = [canary for day in days for canary in log.noted(service.name, day)]
    left, _ = call.azure.canaries.store(service).read()
    return data_loss(written, left, outage_at=outage, since=min(outage or began, began))


def _met(service: CosmosDb | Storage, loss: DataLoss) -> bool | None:
    if service.rpo is None or loss.seconds is None:
        return None
    return loss.seconds <= service.rpo.total_seconds()


def _told(name: str, loss: DataLoss) -> str:
    if loss.seconds is None:
        return f"{name}: not measured, {loss.because}"
    if not loss.lost:
        return f"{name}: nothing lost, canary {loss.survived} is there"
    writes = "1 write" if loss.lost == 1 else f"{loss.lost} writes"
    return f"{name}: {writes} lost, {loss.seconds:.0f} s of data"


def _missed(service: CosmosDb | Storage, loss: DataLoss) -> Finding:
    assert service.rpo is not None
    return Finding(
        check="measure_rpo",
        resource=service.resource_id,
        severity=Severity.HIGH,
        title=f"{service.name} lost {loss.seconds:.0f} s of data, {service.rpo.total_seconds():.0f} s are allowed",
        evidence=loss.to_wire(),
        recommendation="reconcile with the callers what was written after the last surviving write",
    )
