"""`GET /health`: whether the app and its clock live, for anyone; details for readers."""

from datetime import UTC, datetime

import azure.durable_functions as df
import azure.functions as func

from orchestrations.heartbeat import late_by
from orchestrations.triggers.caller import PRINCIPAL, caller_of
from orchestrations.triggers.endpoint import answer, reply
from orchestrations.triggers.problem import Problem
from shared.actions.catalog import names as actions
from shared.model.role import Role
from shared.plans.catalog import catalog as plans
from shared.runtime import Runtime
from shared.warming import WARM


def health(req: func.HttpRequest, client: df.SyncDurableFunctionsClient) -> func.HttpResponse:
    """200 when the app has its settings, an estate that holds together, and a clock that ticks.

    500 says what is wrong with settings or estate, 503 that nothing is watched any more.
    """

    def look(world: Runtime) -> func.HttpResponse:
        estate = world.estate
        if (silent := late_by(client, datetime.now(UTC))) is not None:
            raise Problem(
                503, f"the clock has not ticked for {silent}: no schedule runs, and nothing is watched"
            )
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
                "warm": WARM.is_set(),
            }
        )

    return answer(look)
