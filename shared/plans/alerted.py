"""Which service of the estate an alert is about: what every remediation plan begins with."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from shared.errors import EstateInvalid, ParametersInvalid
from shared.model.estate import Estate, Name, ServiceBase
from shared.model.wire import Strict

SEEN_THROUGH = (
    "microsoft.operationalinsights/workspaces",
    "microsoft.insights/components",
    "microsoft.insights/webtests",
)
"""What log and availability alerts name: where the telemetry is, and not what it is about."""


class AlertParameters(Strict):
    """What the alert said (`resources`, `dimensions`), and the service where the rule in the estate names it."""

    resources: Annotated[tuple[str, ...], Field(max_length=100)] = ()
    dimensions: dict[str, str] = Field(default_factory=dict[str, str])
    service: Name | None = None


def example[S: ServiceBase](estate: Estate, kind: type[S]) -> AlertParameters:
    """Parameters as an alert about the first service of that kind would bring them."""
    return AlertParameters(resources=tuple(one.resource_id for one in _of_kind(estate, kind)[:1]))


def alerted[S: ServiceBase](estate: Estate, parameters: AlertParameters, kind: type[S]) -> tuple[S, str]:
    """The service of that kind that the alert is about, and which of its resources (its own, or its sibling).

    A resource counts with all that lies below it. Where the alert names what only leads there (a front door, a
    workspace, a subscription), the rule's `service` decides. ParametersInvalid where it names something that the
    estate does not know: acting on a guess would restart what is well.
    """
    services = _of_kind(estate, kind)
    if not services:
        raise EstateInvalid(f"estate {estate.name}: there is no {_word(kind)} service to remediate")
    names = ", ".join(one.name for one in services)
    for wanted in parameters.resources:
        for service in services:
            for own in _resources(service):
                if _within(wanted, own):
                    return service, own
    known = [own for service in estate.services for own in _resources(service)]
    strange = [
        one
        for one in parameters.resources
        if not _seen_through(one) and not any(_within(one, own) for own in known)
    ]
    if strange:
        raise ParametersInvalid(
            "resources",
            f"{', '.join(strange)} is no {_word(kind)} service of the estate, which has {names}: "
            "add it there, or correct the scope of the alert rule",
        )
    if parameters.service is None:
        raise ParametersInvalid(
            "service",
            f"the alert names no {_word(kind)} service: say in the estate, under `parameters` of this rule, "
            f"which one it is about ({names})",
        )
    chosen = next((one for one in services if one.name == parameters.service), None)
    if chosen is None:
        raise ParametersInvalid(
            "service", f"'{parameters.service}' is no {_word(kind)} service; there is {names}"
        )
    return chosen, chosen.resource_id


def _of_kind[S: ServiceBase](estate: Estate, kind: type[S]) -> tuple[S, ...]:
    return tuple(one for one in estate.services if isinstance(one, kind))


def _resources(service: ServiceBase) -> Iterator[str]:
    yield service.resource_id
    if sibling := getattr(service, "recovery_resource_id", None):
        yield sibling


def _within(resource_id: str, own: str) -> bool:
    return f"{resource_id}/".lower().startswith(f"{own}/".lower())


def _seen_through(resource_id: str) -> bool:
    """Whether that is where telemetry or a bill is, and not what it is about."""
    found = resource_id.lower()
    return "/resourcegroups/" not in found or any(f"/providers/{kind}/" in found for kind in SEEN_THROUGH)


def _word(kind: type[ServiceBase]) -> str:
    return str(kind.model_fields["kind"].annotation.__args__[0])  # pyright: ignore[reportOptionalMemberAccess, reportAttributeAccessIssue]
