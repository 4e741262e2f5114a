"""HTTP triggers: a request becomes a function's invocation, its answer the response."""

import asyncio
import json
import logging
from collections.abc import Iterable, Mapping
from http.cookies import SimpleCookie
from typing import Any

from aiohttp import web

from infra.local.host import identity, routes
from infra.local.host.errors import AppInvalid
from infra.local.host.identity import Principals
from infra.local.host.keys import Keys
from infra.local.host.worker import Function, FunctionFailed, Worker, datum

_log = logging.getLogger(__name__)


class HttpTriggers:
    """The routes of an app."""

    def __init__(
        self,
        worker: Worker,
        functions: Iterable[Function],
        prefix: str,
        keys: Keys,
        principals: Principals | None,
    ) -> None:
        self._worker = worker
        self._keys = keys
        self._principals = principals
        self._prefix = f"/{prefix}" if prefix else ""
        self._endpoints = [_endpoint(each) for each in functions if each.kind == "httpTrigger"]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        path = request.rel_url.raw_path
        if not path.lower().startswith(self._prefix.lower()):
            return web.Response(status=404)
        found = routes.find(self._endpoints, request.method, path[len(self._prefix) :] or "/")
        if found.target is None:
            if not found.allowed:
                return web.Response(status=404)
            return web.Response(status=405, headers={"Allow": ", ".join(sorted(found.allowed))})
        headers, query = joined(request.headers.items()), joined(request.rel_url.query.items(), lower=False)
        if not self._keys.allow(str(found.target.trigger.get("authLevel") or "function"), headers, query):
            return web.Response(status=401)
        try:
            headers = identity.platform_headers(headers, self._principals)
        except identity.UserUnknown as unknown:
            return problem(401, "Unknown local user", str(unknown))
        return await self.invoke(
            found.target,
            request.method,
            str(request.url),
            headers=headers,
            query=query,
            values=found.values,
            body=await request.read(),
        )

    async def invoke(
        self,
        function: Function,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        query: Mapping[str, str],
        values: Mapping[str, str],
        body: bytes,
    ) -> web.Response:
        trigger = datum(
            {
                "method": datum(method, "string"),
                "url": datum(url, "string"),
                "headers": _strings(headers),
                "query": _strings(query),
                "params": _strings(values),
                "body": datum(body, "bytes"),
            },
            "http",
        )
        try:
            returned = await asyncio.wrap_future(self._worker.submit(self._worker.invoke(function, trigger)))
        except FunctionFailed as failed:
            _log.error("Function '%s' failed.\n%s", function.name, failed.stack)
            return web.Response(status=500)
        return _response(returned)


def _endpoint(function: Function) -> routes.Endpoint[Function]:
    template = function.trigger.get("route")
    methods = frozenset(str(each).upper() for each in function.trigger.get("methods") or ())
    try:
        route = routes.Route(function.name if template is None else str(template))
    except routes.RouteInvalid as error:
        raise AppInvalid(
            f"Function '{function.name}' cannot be reached: {error} Correct its route."
        ) from None
    return routes.Endpoint(route, methods, function)


def joined(pairs: Iterable[tuple[str, str]], *, lower: bool = True) -> dict[str, str]:
    """One value a name, several joined by commas as the Functions host does."""
    result: dict[str, str] = {}
    for name, value in pairs:
        key = name.lower() if lower else name
        result[key] = f"{result[key]},{value}" if key in result else value
    return result


def _strings(values: Mapping[str, str]) -> dict[str, Any]:
    return {name: datum(value, "string") for name, value in values.items()}


def _response(returned: Any) -> web.Response:  # noqa: ANN401 - a datum of the untyped runtime
    if returned is None or returned.type is None:
        return web.Response(status=204)
    if returned.type != "http":
        text = returned.value if isinstance(returned.value, bytes) else str(returned.value).encode()
        return web.Response(body=text, content_type="text/plain", charset="utf-8")
    value = returned.value
    response = web.Response(status=int(value["status_code"].value), body=value["body"].value or b"")
    for name, header in value["headers"].items():
        if name.lower() not in ("content-length", "transfer-encoding"):
            response.headers.add(name, header.value)
    for cookie in value.get("cookies") or ():
        _add_cookies(response, cookie)
    return response


def _add_cookies(response: web.Response, cookie: SimpleCookie) -> None:
    for morsel in cookie.values():
        response.headers.add("Set-Cookie", morsel.OutputString())


def problem(status: int, title: str, detail: str) -> web.Response:
    """An RFC 9457 problem."""
    return web.Response(
        status=status,
        text=json.dumps({"type": "about:blank", "title": title, "status": status, "detail": detail}),
        content_type="application/problem+json",
    )
