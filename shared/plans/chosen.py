"""The service that a plan is about: the one that was named, or the only one of its kind."""

from shared.errors import EstateInvalid, ParametersInvalid
from shared.model.estate import Estate, ServiceBase


def chosen[S: ServiceBase](estate: Estate, kind: type[S], name: str | None, what: str) -> S:
    """That service; ParametersInvalid where there are several and none is named, or none of that name."""
    found = [one for one in estate.services if isinstance(one, kind)]
    names = ", ".join(one.name for one in found)
    if not found:
        raise EstateInvalid(f"estate {estate.name}: there is no {what} service")
    matching = [one for one in found if name in {None, one.name}]
    if not matching:
        raise ParametersInvalid("service", f"'{name}' is no {what} of the estate; there is {names}")
    if len(matching) > 1:
        raise ParametersInvalid("service", f"say which: {names}")
    return matching[0]
