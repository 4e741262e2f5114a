"""Asks every service, as its tenants would, whether it works."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from shared.actions.action import Call, action
from shared.errors import CheckFailed
from shared.gateways.journal import carried
from shared.gateways.probe import Answered
from shared.model.estate import Service, Tenant, TrafficRoute
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen


class Params(Frozen):
    """What is to answer, for whom, and from where."""

    services: tuple[Service, ...]
    tenants: tuple[Tenant, ...]
    region: str


@action(changes=False)
def validate_services(params: Params, call: Call) -> Outcome | Pending:
    """Runs a whole transaction per tenant through the front door, and probes every service; all must answer.

    The probes run side by side. The recovery time ends when this passes.
    """
    wanted = tuple(_probes(params))
    if not wanted:
        raise CheckFailed(f"no service in {params.region} has a health_url, so nothing proves that it works")
    with ThreadPoolExecutor(max_workers=min(len(wanted), 16)) as pool:
        answers = tuple(pool.map(carried(lambda item: _asked(call, *item)), wanted))
    failed = [
        f"{name}: {answer.status or 'no answer'} {answer.detail}".strip()
        for (name, _), answer in zip(wanted, answers, strict=True)
        if not _works(name, answer, params)
    ]
    if failed:
        raise CheckFailed(f"{len(failed)} of {len(wanted)} probes fail: " + "; ".join(failed), retryable=True)
    slowest = max(answer.seconds for answer in answers)
    return Outcome(
        summary=f"all {len(wanted)} probes answer from {params.region}, the slowest within {slowest:.1f} s",
        evidence={"probes": [name for name, _ in wanted]},
    )


def _probes(params: Params) -> Iterator[tuple[str, str]]:
    for service in params.services:
        if service.health_url is None:
            continue
        if isinstance(service, TrafficRoute):
            if not params.tenants:
                yield f"{service.name} as a whole", f"{service.health_url}?deep=true"
            for tenant in params.tenants:
                yield (
                    f"{service.name} for {tenant.name}",
                    f"{service.health_url}?deep=true&tenant={tenant.name}",
                )
        else:
            yield service.name, service.health_url


def _asked(call: Call, name: str, url: str) -> Answered:
    return call.azure.probe(url, timeout=45.0, transaction=_whole(name))


def _whole(name: str) -> bool:
    return " for " in name or name.endswith(" as a whole")


def _works(name: str, answer: Answered, params: Params) -> bool:
    """A transaction that is answered from the region that is out proves nothing."""
    region = answer.body.get("region")
    return answer.healthy and (not _whole(name) or region in {None, params.region})
