"""What the pages behind links in mails share: their headers, forms, refusals, and the way to sign in."""

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import azure.functions as func

from orchestrations.links import LinkInvalid
from orchestrations.triggers.endpoint import parse
from orchestrations.triggers.problem import Problem
from shared.model.wire import Strict
from shared.reports import approval
from shared.runtime import runtime

BODY_LIMIT = 16 * 1024
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
SIGN_IN = "/.auth/login/aad"
"""Where App Service Authentication signs people in."""


def html(content: str, status: int = 200) -> func.HttpResponse:
    """A page: nothing of it is kept, framed, or loads anything from elsewhere."""
    return func.HttpResponse(
        content, status_code=status, mimetype="text/html", charset="utf-8", headers=HEADERS
    )


def behind[L](req: func.HttpRequest, opened: Callable[[str], L]) -> L:
    """What the link of a page is about; 403 when it does not count."""
    try:
        return opened(req.route_params.get("link", ""))
    except LinkInvalid as invalid:
        raise Problem(403, f"{invalid}.") from None


def form[F: Strict](
    req: func.HttpRequest, kind: type[F], buttons: Mapping[str, Mapping[str, Any]] | None = None
) -> F:
    """The decision out of a form of this site; the same type as the API takes.

    `buttons` are those whose decision is more than one field of that type.
    """
    _same_origin(req)
    raw = req.get_body()
    if len(raw) > BODY_LIMIT:
        raise Problem(413, f"The form is larger than {BODY_LIMIT} bytes.")
    try:
        fields = parse_qs(raw.decode(), keep_blank_values=True, strict_parsing=True, max_num_fields=5)
    except ValueError:
        raise Problem(400, "The form came broken: open the link again.") from None
    given: dict[str, Any] = {name: values[0] for name, values in fields.items()}
    given |= (buttons or {}).get(given.get("decision", ""), {})
    return parse(kind, json.dumps(given).encode())


def _same_origin(req: func.HttpRequest) -> None:
    """A form on another site must not decide for somebody who happens to be signed in here."""
    site, origin = req.headers.get("sec-fetch-site"), req.headers.get("origin")
    foreign = site not in {None, "same-origin", "none"}
    if origin is not None and urlsplit(origin).netloc not in {
        urlsplit(req.url).netloc,
        req.headers.get("host"),
        urlsplit(runtime().settings.app_url).netloc,
    }:
        foreign = True
    if foreign:
        raise Problem(
            403, "This decision came from another site: open the link in your mail and decide there."
        )


def sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


def refused(req: func.HttpRequest, problem: Problem) -> func.HttpResponse:
    """Why a link leads no further; who is not signed in is sent to where one signs in."""
    if problem.status == 401 and req.method == "GET":
        back = quote(urlsplit(req.url).path, safe="")
        where = f"{SIGN_IN}?post_login_redirect_uri={back}"
        return func.HttpResponse(status_code=302, headers={**HEADERS, "Location": where})
    title = {401: "Sign in first", 404: "There is no such run"}.get(problem.status, "This does not count")
    return html(approval.refusal_page(title, sentence(problem.detail)), problem.status)
