"""Proves with evidence that a trigger condition of disaster recovery holds."""

from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum

from shared.actions.action import Call, action
from shared.errors import AzureCallFailed, CheckFailed
from shared.gateways.outages import Declared
from shared.model.estate import MlWorkspace, OpenAi, Service, Storage
from shared.model.outcome import Outcome, Pending
from shared.model.plan import Mode
from shared.model.wire import Frozen


class Trigger(StrEnum):
    """The conditions on which disaster recovery is activated (seed 004, section 8.1)."""

    REGION_UNAVAILABLE = "region_unavailable"
    DATA_CENTER_FAILURE = "data_center_failure"
    CATASTROPHIC_FAILURE = "catastrophic_failure"


class Params(Frozen):
    """The condition that is said to hold, where, for what; `out_for` is how long a region must have been out."""

    trigger: Trigger | None
    region: str
    services: tuple[Service, ...]
    out_for: timedelta = timedelta(hours=2)


class Symptom(Frozen):
    """How one service is, seen from outside and by Azure. `trouble` is empty while it works."""

    service: str
    trouble: str = ""
    lost: bool = False
    out_for: timedelta | None = None


@action(changes=False)
def check_dr_trigger(params: Params, call: Call) -> Outcome | Pending:
    """Looks at every service from outside, at Resource Health and at Service Health, and weighs the trigger.

    Times are Azure's own: Resource Health says since when a resource is unavailable and when it said so. A drill only
    tells what it saw.
    """
    symptoms = tuple(_symptom(service, call) for service in params.services)
    declared = call.azure.outages.declared(params.region)
    longest = max((one.out_for for one in symptoms if one.out_for), default=timedelta(0))
    for event in declared:
        if event.began is not None:
            longest = max(longest, call.now - event.began)
    down = [one for one in symptoms if one.trouble]
    evidence = {
        "region": params.region,
        "out_for_seconds": longest.total_seconds(),
        "service_health": [f"{event.tracking_id}: {event.title}" for event in declared],
        "services": {one.service: one.trouble or "works" for one in symptoms},
    }
    told = f"{len(down)} of {len(symptoms)} services in {params.region} do not work"
    if call.mode is Mode.DRILL or params.trigger is None:
        return Outcome(summary=f"a drill needs no trigger condition; {told}", evidence=evidence)
    if not down:
        raise CheckFailed(f"{params.region} works: {told}, so there is nothing to activate for; abort")
    why = _WEIGHED[params.trigger](params, symptoms, declared, longest)
    return Outcome(summary=f"{params.trigger} holds: {why}; {told}", evidence=evidence)


def _region_unavailable(
    params: Params, symptoms: tuple[Symptom, ...], _declared: tuple[Declared, ...], longest: timedelta
) -> str:
    if working := [one.service for one in symptoms if not one.trouble]:
        raise CheckFailed(
            f"{params.region} is not out: {', '.join(working)} works; if the rest is lost for good, "
            f"declare {Trigger.CATASTROPHIC_FAILURE}"
        )
    if longest <= params.out_for:
        raise CheckFailed(
            f"{params.region} has been out for {_hours(longest)} by Azure's account, the condition is more than "
            f"{_hours(params.out_for)}: wait and retry, or activate on {Trigger.DATA_CENTER_FAILURE} if Azure "
            "declares one"
        )
    return f"{params.region} has been out for {_hours(longest)}"


def _data_center_failure(
    params: Params, _symptoms: tuple[Symptom, ...], declared: tuple[Declared, ...], _longest: timedelta
) -> str:
    if not declared:
        raise CheckFailed(
            f"Azure Service Health declares no active issue in {params.region}: it needs some minutes to say so; "
            "retry, or name another trigger condition",
            retryable=True,
        )
    return f"Azure has declared {declared[0].tracking_id} ({declared[0].title})"


def _catastrophic_failure(
    params: Params, symptoms: tuple[Symptom, ...], _declared: tuple[Declared, ...], _longest: timedelta
) -> str:
    platform = {one.name for one in params.services if isinstance(one, OpenAi | MlWorkspace)}
    if working := [one.service for one in symptoms if one.service in platform and not one.trouble]:
        raise CheckFailed(
            f"the primary resources are not lost: {', '.join(working)} works; recover what is lost by its own plan"
        )
    lost = [one.service for one in symptoms if one.lost]
    return f"{', '.join(lost)} lost" if lost else "no primary resource works"


_WEIGHED: dict[Trigger, Callable[[Params, tuple[Symptom, ...], tuple[Declared, ...], timedelta], str]] = {
    Trigger.REGION_UNAVAILABLE: _region_unavailable,
    Trigger.DATA_CENTER_FAILURE: _data_center_failure,
    Trigger.CATASTROPHIC_FAILURE: _catastrophic_failure,
}


def _symptom(service: Service, call: Call) -> Symptom:
    health = call.azure.outages.availability(service.resource_id)
    out_for = health.out_for if health else None
    trouble, lost = _seen(service, call)
    if not trouble and isinstance(service, MlWorkspace) and out_for is not None:
        trouble = f"Resource Health: {health.summary if health else ''}"
    return Symptom(service=service.name, trouble=trouble, lost=lost, out_for=out_for)


def _seen(service: Service, call: Call) -> tuple[str, bool]:
    """What is wrong with a service as one who uses it sees it, and whether it is gone altogether."""
    try:
        match service:
            case OpenAi():
                return _models(service, call)
            case MlWorkspace():
                found = call.azure.machine_learning.workspace(service.resource_id)
                state = str(((found or {}).get("properties") or {}).get("provisioningState") or "")
                if found is None:
                    return "the workspace does not exist", True
                return (f"the workspace is {state}", False) if state.lower() == "failed" else ("", False)
            case Storage():
                host = f"{service.resource_id.rsplit('/', 1)[-1]}.blob.core.windows.net"
                answered = call.azure.probe(f"https://{host}/")
                return ("" if answered.status else f"{host} does not answer"), False
            case _ if service.health_url:
                answered = call.azure.probe(service.health_url)
                told = f"{service.health_url}: {answered.status or 'no answer'} {answered.detail}"
                return ("" if answered.healthy else told), False
            case _:
                return "", False
    except AzureCallFailed as error:
        if error.status == 429:
            raise
        return str(error), False


def _models(service: OpenAi, call: Call) -> tuple[str, bool]:
    endpoint = call.azure.openai.endpoint(service.resource_id)
    if endpoint is None:
        return "the account does not exist", True
    silent = {
        one.name: why
        for one in service.deployments
        if (why := call.azure.openai.silence(service.resource_id, endpoint, one.name))
    }
    if len(silent) < len(service.deployments):
        return "", False
    return "; ".join(f"{name}: {why}" for name, why in silent.items()), False


def _hours(duration: timedelta) -> str:
    return f"{duration.total_seconds() / 3600:.1f} h"
