"""`/approvals/{link}`: the page behind the link in an approval mail. Opening it decides nothing; its form does."""

import json
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import azure.durable_functions as df
import azure.functions as func

from orchestrations.app import app
from orchestrations.triggers.caller import Caller, caller_of
from orchestrations.triggers.problem import Problem
from shared.importing import IMPORTING
from shared.model.role import Role
from shared.runtime import Runtime, runtime

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


@app.route(route="approvals/{link}", methods=["GET", "POST"])
@app.durable_client_input(client_name="client")
def approval_page(req: func.HttpRequest, client: df.SyncDurableFunctionsClient) -> func.HttpResponse:
    """Show what would happen (GET), or take the decision of the person whose identity the link names (POST)."""
    try:
        return _serve(req, client, runtime())
    except Problem as problem:
        if problem.status == 401 and req.method == "GET":
            back = urlsplit(req.url).path
            return _redirect(f"{SIGN_IN}?post_login_redirect_uri={quote(back, safe='')}")
        return _refused(problem)


def _serve(req: func.HttpRequest, client: df.SyncDurableFunctionsClient, world: Runtime) -> func.HttpResponse:
    with IMPORTING:
        from orchestrations.approval_links import LinkInvalid, opened  # noqa: PLC0415 - with the first link
        from orchestrations.triggers import approvals  # noqa: PLC0415
        from shared.model.signing import plan_digest  # noqa: PLC0415

    caller = caller_of(req.headers, believed=world.settings.website_auth_enabled)
    try:
        link = opened(world.signer, req.route_params.get("link", ""))
    except LinkInvalid as invalid:
        raise Problem(403, f"{invalid}.") from None
    if caller.id != link.approver_id:
        raise Problem(
            403, f"This link was made for somebody else than {caller.name}: sign in as that person."
        )
    caller.must_be(Role.APPROVER)
    record, asked = approvals.waiting(client, link.run_id)
    if plan_digest(asked.plan) != link.plan_digest:
        raise Problem(409, "The plan is not the one that this link was made for.")
    message, tone = "", "active"
    try:
        approvals.may_decide(world, caller, record, asked)
        may = True
    except Problem as problem:
        message, tone, may = _sentence(problem.detail), "waiting", False
    if req.method == "POST":
        _same_origin(req)
        if not may:
            raise Problem(409, message)
        wanted = _form(req)
        approvals.decide(world, client, caller, record, asked, wanted)
        what = "You approved it." if wanted.decision == "approve" else "You rejected it."
        message, tone, may = f"{what} The run goes on as soon as it has noticed.", "good", False
    return _page(req, world, caller, record, asked, message, tone, may=may)


def _page(
    req: func.HttpRequest,
    world: Runtime,
    caller: Caller,
    record: Any,  # noqa: ANN401 - types are imported with the first link
    asked: Any,  # noqa: ANN401
    message: str,
    tone: str,
    *,
    may: bool,
) -> func.HttpResponse:
    with IMPORTING:
        from datetime import UTC, datetime  # noqa: PLC0415

        from orchestrations.activities import closed_glass  # noqa: PLC0415
        from orchestrations.triggers.previews import walked  # noqa: PLC0415
        from shared.reports import approval  # noqa: PLC0415

    person = world.estate.person(caller.id)
    zone = world.estate.time_zone
    writes, problems = None, ()
    if req.params.get("writes") and may:
        steps = walked(world, asked)
        writes = tuple(
            {
                "step": step.name,
                "method": write.method,
                "url": write.url,
                "body": json.dumps(write.body, indent=2, ensure_ascii=False),
            }
            for step in steps
            for write in step.writes
        )
        problems = tuple(f"{step.name}: {step.problem}" for step in steps if step.problem)
    glass = person is not None and not closed_glass(asked.plan.approval, person, datetime.now(UTC), asked)
    state = approval.PageState(
        person=person.mail if person else caller.name,
        message=message,
        tone=tone,
        may_decide=may,
        may_break_glass=may and glass,
        writes=writes,
        problems=problems,
    )
    html = approval.page(approval.view(asked, time_zone=zone), state, record, time_zone=zone)
    return func.HttpResponse(html, mimetype="text/html", charset="utf-8", headers=HEADERS)


def _form(req: func.HttpRequest) -> Any:  # noqa: ANN401 - see _page
    """The decision out of the form; the same type as the API takes."""
    from orchestrations.triggers.approvals import Decide  # noqa: PLC0415 - with the first decision
    from orchestrations.triggers.endpoint import parse  # noqa: PLC0415

    raw = req.get_body()
    if len(raw) > BODY_LIMIT:
        raise Problem(413, f"The form is larger than {BODY_LIMIT} bytes.")
    try:
        fields = parse_qs(raw.decode(), keep_blank_values=True, strict_parsing=True, max_num_fields=5)
    except ValueError:
        raise Problem(400, "The form came broken: open the link again.") from None
    given: dict[str, Any] = {name: values[0] for name, values in fields.items()}
    if given.get("decision") == "break_glass":
        given |= {"decision": "approve", "break_glass": True}
    return parse(Decide, json.dumps(given).encode())


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


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


def _redirect(where: str) -> func.HttpResponse:
    return func.HttpResponse(status_code=302, headers={**HEADERS, "Location": where})


def _refused(problem: Problem) -> func.HttpResponse:
    with IMPORTING:
        from shared.reports import approval  # noqa: PLC0415 - templates only when somebody reads

    title = {401: "Sign in first", 404: "There is no such run"}.get(problem.status, "This does not count")
    html = approval.refusal_page(title, _sentence(problem.detail))
    return func.HttpResponse(
        html, status_code=problem.status, mimetype="text/html", charset="utf-8", headers=HEADERS
    )
