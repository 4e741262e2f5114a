"""`/acknowledgements/{link}`: the page behind the link in an incident's mail; its form takes it, or closes it."""

from datetime import timedelta
from typing import Literal

import azure.durable_functions as df
import azure.functions as func
from pydantic import Field

from orchestrations.links import sealed, unsealed
from orchestrations.triggers import incidents
from orchestrations.triggers.caller import caller_of
from orchestrations.triggers.pages import behind, form, html, refused
from orchestrations.triggers.problem import Problem
from shared.model.incident import IncidentState
from shared.model.role import Role
from shared.model.signing import Signer
from shared.model.wire import Strict
from shared.reports import incident_report
from shared.runtime import Runtime, runtime

KIND = "incident-link-1"
GOOD_FOR = timedelta(days=7)
SAID = {
    "acknowledge": "You took it.",
    "resolve": "You closed it.",
    "remediate": "You started the plan: see its run below as soon as it has begun.",
}


class Decide(Strict):
    """What the form says."""

    decision: Literal["acknowledge", "resolve", "remediate"]
    reason: str = Field(min_length=3, max_length=1000)


def link_to(signer: Signer, app_url: str, incident_id: str) -> str:
    """The address of the page of one incident. Whoever opens it signs in, and needs the role for what they do."""
    return f"{app_url}/api/acknowledgements/{sealed(signer, KIND, (incident_id,), GOOD_FOR)}"


def incident_page(req: func.HttpRequest, client: df.SyncDurableFunctionsClient) -> func.HttpResponse:
    """Show the incident (GET), or take the decision of whoever is signed in (POST)."""
    try:
        return _serve(req, client, runtime())
    except Problem as problem:
        return refused(req, problem)


def _serve(req: func.HttpRequest, client: df.SyncDurableFunctionsClient, world: Runtime) -> func.HttpResponse:
    caller = caller_of(req.headers, believed=world.settings.website_auth_enabled)
    (incident_id,) = behind(req, lambda token: unsealed(world.signer, KIND, token, 1))
    caller.must_be(Role.READER)
    found = incidents.found(client, incident_id)
    said = ""
    if req.method == "POST":
        caller.must_be(Role.OPERATOR)
        wanted = form(req, Decide)
        incidents.decide(client, world, caller, found, wanted.decision, wanted.reason)
        said = SAID[wanted.decision]
    may = Role.OPERATOR in caller.roles and not said and found.state is not IncidentState.CLOSED
    state = incident_report.PageState(person=caller.name, message=said, tone="good", may_decide=may)
    return html(incident_report.html(found, time_zone=world.estate.time_zone, state=state))
