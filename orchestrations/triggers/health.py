"""`GET /health`: liveness for anyone, details for readers."""

import azure.functions as func

from orchestrations.app import app
from orchestrations.triggers.caller import PRINCIPAL, caller_of
from orchestrations.triggers.endpoint import answer, reply
from shared.actions.catalog import names as actions
from shared.model.role import Role
from shared.plans.catalog import catalog as plans
from shared.runtime import Runtime


@app.route(route="health", methods=["GET"])
def health(req: func.HttpRequest) -> func.HttpResponse:
    """200 when the app has its settings and an estate that holds together; 500 says what is wrong."""

    def look(world: Runtime) -> func.HttpResponse:
        estate = world.estate
        if PRINCIPAL not in req.headers:
            return reply({"status": "ok"})
        caller_of(req.headers, believed=world.settings.website_auth_enabled).must_be(Role.READER)
        return reply(
            {
                "status": "ok",
                "estate": estate.name,
                "services": len(estate.services),
                "plans": len(plans()),
                "actions": len(actions()),
            }
        )

    return answer(look)
