"""Which tenant is meant, and the gate that turns it away."""

from typing import Any

from shared.errors import EstateInvalid, ParametersInvalid
from shared.model.estate import ContainerApp, Estate, TenantGate

TENANT_DIMENSIONS = ("tenantid", "tenant", "tenant_name", "tenantname", "tenant_id")


def tenant_in(estate: Estate, dimensions: dict[str, str]) -> str:
    """The tenant that an alert's dimensions name; ParametersInvalid when they name none of the estate's."""
    named = [value for key, value in dimensions.items() if key.lower() in TENANT_DIMENSIONS and value]
    if not named:
        raise ParametersInvalid(
            "dimensions", "the alert names no tenant: split its rule by the dimension tenantId"
        )
    return known_tenant(estate, named[0], "dimensions")


def known_tenant(estate: Estate, name: str, field: str) -> str:
    """That tenant as the estate writes it."""
    names = [one.name for one in estate.tenants]
    found = next((one for one in names if one == name.lower()), None)
    if found is None:
        raise ParametersInvalid(field, f"'{name}' is no tenant of the estate, which has {', '.join(names)}")
    return found


def gate_of(estate: Estate) -> tuple[TenantGate, ContainerApp, dict[str, Any]]:
    """The gate, its app, and what both actions are told of them."""
    if (gate := estate.tenant_gate) is None:
        raise EstateInvalid(
            f"estate {estate.name} has no section tenant_gate, so nobody can be isolated: add it"
        )
    app = next(one for one in estate.of_kind(ContainerApp) if one.name == gate.service)
    if app.health_url is None:
        raise EstateInvalid(f"{app.name} has no health_url, so nothing proves that its gate works")
    return gate, app, {"vaults": gate.vaults, "secret": gate.secret, "health_url": app.health_url}
