"""App Service Authentication, played on this machine: a user's mail becomes the platform's principal."""

import base64
import json
from collections.abc import Callable, Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import unquote

type Principals = Callable[[str], Mapping[str, Any] | None]

USER_HEADER = "x-local-user"
COOKIE = "AppServiceAuthSession"
"""What a browser carries that has signed in; in Azure its content is the platform's, here it is the mail."""
_PLATFORM = "x-ms-"
_NAME_CLAIMS = ("preferred_username", "name", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name")
_ID_CLAIMS = ("http://schemas.microsoft.com/identity/claims/objectidentifier", "oid", "sub")


class UserUnknown(Exception):  # noqa: N818 - named for what happened
    """The header names nobody that the embedding knows."""


def platform_headers(headers: Mapping[str, str], principals: Principals | None) -> dict[str, str]:
    """Headers as the platform hands them to the app.

    Whatever arrives as X-MS-* is dropped, always: only the platform may write those.
    """
    passed = {
        name: value
        for name, value in headers.items()
        if not name.startswith(_PLATFORM) and name != USER_HEADER
    }
    mail = headers.get(USER_HEADER) or _signed_in(headers.get("cookie", ""))
    if principals is None or mail is None:
        return passed
    principal = principals(mail)
    if principal is None:
        raise UserUnknown(f"The header X-Local-User names '{mail}', whom this host does not know.")
    encoded = json.dumps(principal, separators=(",", ":")).encode()
    passed["x-ms-client-principal"] = base64.b64encode(encoded).decode()
    passed["x-ms-client-principal-id"] = _claim(principal, _ID_CLAIMS) or mail
    passed["x-ms-client-principal-name"] = _claim(principal, _NAME_CLAIMS) or mail
    passed["x-ms-client-principal-idp"] = str(principal.get("auth_typ", "aad"))
    return passed


def _signed_in(cookies: str) -> str | None:
    try:
        found = SimpleCookie(cookies).get(COOKIE)
    except CookieError:
        return None
    return unquote(found.value) if found is not None else None


def _claim(principal: Mapping[str, Any], types: tuple[str, ...]) -> str | None:
    claims = {str(each.get("typ")): str(each.get("val")) for each in principal.get("claims", ())}
    return next((claims[each] for each in types if each in claims), None)
