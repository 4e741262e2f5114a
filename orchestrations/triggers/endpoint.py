"""How a function becomes an HTTP endpoint: who may call, what may come in, and every error as problem+json."""

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import azure.durable_functions as df
import azure.functions as func
from pydantic import ValidationError

from orchestrations.triggers.caller import Caller, caller_of
from orchestrations.triggers.contract import Endpoint
from orchestrations.triggers.problem import Problem
from shared.errors import EstateInvalid, ParametersInvalid, SettingsInvalid
from shared.importing import late
from shared.model.wire import Strict
from shared.runtime import Runtime, runtime

BODY_LIMIT = 256 * 1024
"""Bytes; nothing that people send is near it."""


class Request(NamedTuple):
    """What an endpoint is handed: everything in it has been checked."""

    world: Runtime
    client: df.SyncDurableFunctionsClient
    caller: Caller
    route: Mapping[str, str]
    query: Mapping[str, str]
    http: func.HttpRequest

    def body[B: Strict](self, kind: type[B]) -> B:
        """The JSON body as that type; 400 names every field at fault."""
        raw = self.http.get_body()
        if len(raw) > BODY_LIMIT:
            raise Problem(413, f"the body is larger than {BODY_LIMIT} bytes")
        return parse(kind, raw)


Handler = Callable[[Request], func.HttpResponse]


def parse[B: Strict](kind: type[B], raw: bytes, *inside: str) -> B:
    """Strict JSON into a type: wrong types, missing and unknown fields are a 400 that names them.

    `inside` is the field that the JSON stood in, when it was not the body itself.
    """
    try:
        return kind.model_validate_json(raw or b"{}", strict=True)
    except ValidationError as error:
        problems = [
            {
                "field": ".".join([*inside, *(str(part) for part in found["loc"])]) or "(body)",
                "problem": found["msg"],
            }
            for found in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        first = problems[0]
        raise Problem(400, f"{first['field']}: {first['problem']}", errors=problems) from None


def serve(row: Endpoint, req: func.HttpRequest, client: df.SyncDurableFunctionsClient) -> func.HttpResponse:
    """Answer a call of the contract. Unknown query parameters are a 400, a missing principal a 401, a missing role
    a 403.
    """
    handler: Handler = late(f"orchestrations.triggers.{row.handler}")
    return answer(lambda world: handler(_checked(row, req, client, world)))


def answer(handler: Callable[[Runtime], func.HttpResponse]) -> func.HttpResponse:
    """Run a handler; what it raises on purpose becomes its answer."""
    try:
        return handler(runtime())
    except Problem as problem:
        return problem.response()
    except ParametersInvalid as error:
        field = f"parameters.{error.field}"
        problems = [{"field": field, "problem": str(error)}]
        return Problem(400, f"{field}: {error}", errors=problems).response()
    except (EstateInvalid, SettingsInvalid) as error:
        return Problem(500, str(error)).response()


def _checked(
    row: Endpoint, req: func.HttpRequest, client: df.SyncDurableFunctionsClient, world: Runtime
) -> Request:
    caller = caller_of(req.headers, believed=world.settings.website_auth_enabled)
    caller.must_be(row.role)
    if unknown := sorted(set(req.params) - set(row.query)):
        known = f"known are {', '.join(row.query)}" if row.query else "there are none"
        raise Problem(400, f"unknown query parameter {unknown[0]}: {known}", errors=[{"field": unknown[0]}])
    return Request(world, client, caller, dict(req.route_params), dict(req.params), req)


def reply(content: Any, status: int = 200) -> func.HttpResponse:  # noqa: ANN401 - JSON
    """A JSON answer."""
    return func.HttpResponse(json.dumps(content), status_code=status, mimetype="application/json")
