"""The step that tells since when users have been served again; plans that bring front doors back have it."""

from collections.abc import Iterable
from datetime import timedelta

from shared.actions.traffic.measure_rto import measure_rto
from shared.model.estate import Estate, Tenant, TrafficRoute
from shared.model.plan import Step


def served_again(
    estate: Estate,
    proof: Step,
    *,
    at: Iterable[TrafficRoute],
    opened_by: Iterable[Step],
    tenants: tuple[Tenant, ...] = (),
) -> tuple[Step, ...]:
    """Nothing where no requests are logged. Nobody waits for it but the mail that tells how long it took.

    `proof`: what proves that service is back, `opened_by`: what let users in at those front doors. Anybody's requests
    count where `tenants` is empty.
    """
    addresses = tuple(route.dns_name for route in at)
    if estate.telemetry is None or not addresses:
        return ()
    return (
        measure_rto.step(
            needs=(proof,),
            critical=False,
            addresses=addresses,
            tenants=tenants,
            opened_by=tuple(step.name for step in opened_by),
            deadline=timedelta(minutes=15),
        ),
    )
