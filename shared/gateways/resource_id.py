"""The parts of an ARM resource id."""

from typing import NamedTuple


class ResourceName(NamedTuple):
    """Where a top-level resource lives."""

    subscription: str
    group: str
    provider: str
    type: str
    name: str


def parts(resource_id: str) -> ResourceName:
    """Split `/subscriptions/S/resourceGroups/G/providers/P/T/N`; ValueError on anything else."""
    match resource_id.strip("/").split("/"):
        case [subs, subscription, groups, group, providers, provider, kind, name] if (
            subs.lower(),
            groups.lower(),
            providers.lower(),
        ) == ("subscriptions", "resourcegroups", "providers"):
            return ResourceName(subscription, group, provider, kind, name)
        case _:
            raise ValueError(f"'{resource_id}' is no id of a top-level Azure resource")
