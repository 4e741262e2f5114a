"""Who calls: the principal that App Service Authentication puts into a header, believed only where that is on."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from orchestrations.triggers.problem import Problem
from shared.model.role import Role

PRINCIPAL = "x-ms-client-principal"
_TENANT = ("tid", "http://schemas.microsoft.com/identity/claims/tenantid")
_OBJECT = ("oid", "http://schemas.microsoft.com/identity/claims/objectidentifier")
_ROLES = ("roles", "http://schemas.microsoft.com/ws/2008/06/identity/claims/role")
_NAMES = ("preferred_username", "upn", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn", "name")


class Caller(NamedTuple):
    """An identity of Entra ID: tenant id and object id, with its app roles."""

    id: str
    name: str
    roles: frozenset[Role]
    is_person: bool

    def must_be(self, role: Role) -> None:
        """403 without the role."""
        if role not in self.roles:
            raise Problem(403, f"this needs the app role {role}; {self.name} has {_listed(self.roles)}")


def caller_of(headers: Mapping[str, str], *, believed: bool) -> Caller:
    """The caller, or a 401.

    The header is written by App Service and stripped from what comes from outside, but only where authentication
    is switched on (`WEBSITE_AUTH_ENABLED`): anywhere else anyone could write it.
    """
    encoded = headers.get(PRINCIPAL)
    if not encoded:
        raise Problem(401, "sign in first: no principal came with the request")
    if not believed:
        raise Problem(401, "App Service Authentication is off here, so nobody can be believed: switch it on")
    try:
        principal: Any = json.loads(base64.b64decode(encoded, validate=True))
        claims = [(str(claim["typ"]), str(claim["val"])) for claim in principal["claims"]]
    except (binascii.Error, ValueError, KeyError, TypeError, RecursionError):
        raise Problem(401, "the principal header is not what App Service writes") from None
    tenant, oid = _first(claims, _TENANT), _first(claims, _OBJECT)
    if not tenant or not oid:
        raise Problem(401, "the principal has no tenant id and object id")
    known = {role.value: role for role in Role}
    return Caller(
        id=f"{tenant}/{oid}".lower(),
        name=_first(claims, _NAMES) or oid,
        roles=frozenset(known[value] for kind, value in claims if kind in _ROLES and value in known),
        is_person=_first(claims, ("idtyp",)) != "app",
    )


def _first(claims: list[tuple[str, str]], kinds: tuple[str, ...]) -> str:
    return next((value for kind in kinds for typ, value in claims if typ == kind), "")


def _listed(roles: frozenset[Role]) -> str:
    return ", ".join(sorted(roles)) or "none"
