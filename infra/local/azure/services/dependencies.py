"""What an app needs to serve a tenant, as its own settings name it: services register their checks here."""

from collections.abc import Callable, Mapping

from infra.local.azure.core.world import World

# Returns None when the dependency works, else why it does not.
type Check = Callable[[World, Mapping[str, str]], str | None]

CHECKS: dict[str, Check] = {}


def dependency(name: str) -> Callable[[Check], Check]:
    """Register a check; a later one of the same name replaces it."""

    def register(check: Check) -> Check:
        CHECKS[name] = check
        return check

    return register


def failures(world: World, settings: Mapping[str, str]) -> dict[str, str]:
    """Return the failing dependencies of an app with these settings, each with its reason."""
    found = {name: check(world, settings) for name, check in CHECKS.items()}
    return {name: reason for name, reason in found.items() if reason is not None}


def host_of(endpoint: str) -> str:
    """`https://name.documents.azure.com:443/` -> `name.documents.azure.com`."""
    return endpoint.lower().removeprefix("https://").split("/")[0].split(":")[0]
