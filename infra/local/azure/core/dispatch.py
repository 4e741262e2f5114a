"""From request to answer: time catches up, faults strike, the handler runs, the ledger is written."""

import json
import logging
import re
from collections.abc import Callable

from infra.local.azure.core import envelope
from infra.local.azure.core.errors import ArmError, Unreachable
from infra.local.azure.core.http import Answer, Later, Request
from infra.local.azure.core.masking import masked
from infra.local.azure.core.service import ARM_HOST, Route
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World, region_name

TENANT = "11111111-1111-4111-8111-111111111111"
_AUDIENCES = {
    ".vault.azure.net": "https://vault.azure.net",
    ".search.windows.net": "https://search.azure.com",
}
DROPPED = Answer(502, dropped=True)
_log = logging.getLogger(__name__)

type Call = Callable[[], Answer | Later]


class Dispatch:
    """Routes of all services, first match first; one transaction for each request."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._routes = [route for service in world.services for route in service.routes]

    def handle(self, request: Request) -> Answer | Later:
        """Return the answer, or what must be waited for first."""
        return self._start(request, slowed=False)

    def _start(self, request: Request, *, slowed: bool) -> Answer | Later:
        world = self._world
        try:
            route, request = self._find(request)
        except Unreachable:
            return DROPPED
        except ArmError as error:
            return _answer(error)
        with world.transaction():
            world.catch_up()
            if world.faults.host_down(request.host):
                return DROPPED
            if not slowed and (fault := world.faults.take("slow", request, write=_writes(route, request))):
                return Later(float(fault.get("seconds", 10)), lambda: self._start(request, slowed=True))
        return self._run(request, route, lambda: self._gated(request, route))

    def _find(self, request: Request) -> tuple[Route, Request]:
        """Return the first route that fits; those for any host come after those that know the host."""
        hosts = [route for route in self._routes if not route.anywhere and route.host.fullmatch(request.host)]
        for route in hosts or [route for route in self._routes if route.anywhere]:
            found = route.path.fullmatch(request.path)
            if found and route.method == request.method:
                named = route.host.fullmatch(request.host)
                return route, request.with_params(
                    {**(named.groupdict() if named else {}), **found.groupdict()}
                )
        if not hosts:
            raise Unreachable(request.host)
        raise ArmError(
            404, "NotFound", f"{request.method} https://{request.host}{request.path} leads nowhere."
        )

    def _run(self, request: Request, route: Route, call: Call) -> Answer | Later:
        """Make one step of a request; a write is entered into the ledger with how it ended."""
        world = self._world
        write = _writes(route, request)
        if write and world.before_write is not None:
            world.before_write(_entry(request))
        entry: Json | None = None
        with world.transaction():
            world.catch_up()
            mark = world.mark()
            try:
                outcome = call()
            except ArmError as error:
                world.rollback(mark)
                outcome = _answer(error)
            except Unreachable:
                world.rollback(mark)
                outcome = DROPPED
            except Exception as error:  # noqa: BLE001 - the request still gets its answer and its ledger entry
                world.rollback(mark)
                outcome = _answer(_unexpected(request, error))
            if isinstance(outcome, Later):
                later = outcome
                return Later(later.seconds, lambda: self._run(request, route, later.then))
            if write:
                applied = world.mark() > mark and outcome.status < 400
                status = None if outcome.dropped else outcome.status
                lost = applied and world.faults.take("ack_lost", request, write=True) is not None
                entry = world.enter(
                    {**_entry(request), "status": status, "applied": applied, "answered": not lost}
                )
                outcome = DROPPED if lost else outcome
        if entry is not None and world.after_write is not None:
            world.after_write(entry)
        return outcome

    def _gated(self, request: Request, route: Route) -> Answer | Later:
        self._authenticate(request, route)
        write = _writes(route, request)
        if fault := self._world.faults.take("throttle", request, write=write):
            return _throttled(fault)
        if fault := self._world.faults.take("error", request, write=write):
            code = fault.get("code", "InternalServerError")
            return _answer(
                ArmError(
                    fault.get("status", 500), code, fault.get("message", "The server encountered an error.")
                )
            )
        if route.arm:
            if not request.query.get("api-version"):
                raise ArmError(
                    400,
                    "MissingApiVersionParameter",
                    "The api-version query parameter (?api-version=) is required for all requests.",
                )
            if request.body:
                envelope.check(request.json)
            if write and not route.survives_outage:
                self._refuse_in_outage(request)
        return route.handler(self._world, request)

    def _authenticate(self, request: Request, route: Route) -> None:
        if not route.token or re.fullmatch(
            r"Bearer \S+", request.headers.get("authorization", ""), re.IGNORECASE
        ):
            return
        audience = next(
            (resource for suffix, resource in _AUDIENCES.items() if request.host.endswith(suffix)),
            f"https://{ARM_HOST}/",
        )
        challenge = (
            f'Bearer authorization="https://login.microsoftonline.com/{TENANT}", resource="{audience}"'
        )
        raise ArmError(
            401,
            "AuthenticationFailed",
            "Authentication failed. The 'Authorization' header is missing or invalid.",
            headers={"WWW-Authenticate": challenge},
        )

    def _refuse_in_outage(self, request: Request) -> None:
        """503 for a write to a resource, or for a new one, whose region is out."""
        location = _location(self._world, request)
        if location and not self._world.region_up(location):
            raise ArmError(
                503,
                "ServiceUnavailable",
                f"The service in region '{location}' is temporarily unavailable. Please try again later.",
            )


def _location(world: World, request: Request) -> str:
    path = request.path
    while path.count("/") > 4:
        resource = world.resources.peek(path)
        if resource is not None and resource.get("location"):
            return region_name(resource["location"])
        path = path.rsplit("/", 1)[0]
    if request.method == "PUT" and request.body:
        location = request.json.get("location")
        return region_name(location) if isinstance(location, str) else ""
    return ""


def _writes(route: Route, request: Request) -> bool:
    """Whether a request may change something; a query of documents is a POST that says that it only looks."""
    return not route.reads and request.headers.get("x-ms-documentdb-isquery", "").lower() != "true"


def _entry(request: Request) -> Json:
    try:
        body = json.loads(request.body) if request.body else None
    except (ValueError, UnicodeDecodeError):
        body = f"{len(request.body)} bytes"
    return {
        "method": request.method,
        "host": request.host,
        "path": request.path,
        "body": masked(body, vault=request.host.endswith(".vault.azure.net")),
    }


def _answer(error: ArmError) -> Answer:
    return Answer(error.status, error.body(), error.headers)


def _unexpected(request: Request, error: Exception) -> ArmError:
    """Say 400 where a body of an odd shape led a handler astray, else 500; either way it is logged."""
    _log.error("%s https://%s%s", request.method, request.host, request.path, exc_info=error)
    if request.body and isinstance(error, AttributeError | LookupError | TypeError | ValueError):
        text = f"The request content was invalid and could not be deserialized: '{error}'."
        return ArmError(400, "InvalidRequestContent", text)
    return ArmError(500, "InternalServerError", "The server encountered an internal error.")


def _throttled(fault: Json) -> Answer:
    error = ArmError(
        429,
        "TooManyRequests",
        fault.get("message", "The request is being throttled. Please try again later."),
        headers={"Retry-After": str(fault.get("retry_after", 1))},
    )
    return _answer(error)
