"""The Durable extension's HTTP management API, below `/runtime/webhooks/durabletask/`."""

import json
import re
import uuid
from collections.abc import Callable, Container, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote

import durabletask.internal.orchestrator_service_pb2 as pb
from aiohttp import web

from infra.local.host import operations, projection, query
from infra.local.host.engine import Engine
from infra.local.host.errors import (
    IdInvalid,
    InstanceExists,
    InstanceNotFound,
    MessageTooLarge,
    NotAllowedNow,
)
from infra.local.host.keys import Keys

DURABLE_PATH = "/runtime/webhooks/durabletask"
_HUB = "LocalHub"
_CONNECTION = "Storage"
_TOKEN_HEADER = "x-ms-continuation-token"
_STATUSES = {name.lower(): status for status, name in projection.STATUS_NAMES.items()}


class _BadRequest(Exception):  # noqa: N818 - named for its status
    """What the caller sent cannot be understood."""


class Management:
    """Answers as the extension does; its caller holds the system key."""

    def __init__(
        self,
        engine: Engine,
        keys: Keys,
        url: str,
        check_orchestrator: Callable[[str], None],
        entity_names: Container[str],
    ) -> None:
        self._engine = engine
        self._keys = keys
        self._base = url + DURABLE_PATH
        self._check_orchestrator = check_orchestrator
        self._entity_names = entity_names
        self._required = f"taskHub={_HUB}&connection={_CONNECTION}&code={quote(keys.system, safe='')}"

    def client_binding(self, rpc_url: str) -> str:
        """What the durable client binding gets from the host."""
        return json.dumps(
            {
                "taskHubName": _HUB,
                "connectionName": _CONNECTION,
                "rpcBaseUrl": rpc_url,
                "httpBaseUrl": self._base,
                "baseUrl": self._base,
                "requiredQueryStringParameters": self._required,
                "managementUrls": self._links("INSTANCEID"),
            }
        )

    def _links(self, instance_id: str) -> dict[str, str]:
        one = f"{self._base}/instances/{quote(instance_id, safe='')}"
        required = self._required
        return {
            "id": instance_id,
            "statusQueryGetUri": f"{one}?{required}",
            "sendEventPostUri": f"{one}/raiseEvent/{{eventName}}?{required}",
            "terminatePostUri": f"{one}/terminate?reason={{text}}&{required}",
            "rewindPostUri": f"{one}/rewind?reason={{text}}&{required}",
            "purgeHistoryDeleteUri": f"{one}?{required}",
            "restartPostUri": f"{one}/restart?{required}",
            "suspendPostUri": f"{one}/suspend?reason={{text}}&{required}",
            "resumePostUri": f"{one}/resume?reason={{text}}&{required}",
        }

    async def handle(self, request: web.Request) -> web.Response:
        if not self._keys.allow(
            "system", {name.lower(): value for name, value in request.headers.items()}, request.query
        ):
            return web.Response(status=401)
        path = request.rel_url.raw_path[len(DURABLE_PATH) :]
        segments = [unquote(each) for each in path.strip("/").split("/")]
        try:
            return await self._route(request, segments)
        except (_BadRequest, MessageTooLarge, IdInvalid, LookupError) as refused:
            return _message(400, str(refused.args[0]))
        except InstanceNotFound as refused:
            return _message(404, str(refused))
        except InstanceExists as refused:
            return _message(409, str(refused))
        except NotAllowedNow as refused:
            return _message(410, str(refused))

    async def _route(self, request: web.Request, segments: list[str]) -> web.Response:
        match request.method, [segments[0].lower(), *segments[1:]]:
            case "GET", ["instances"]:
                return self._list(request.query, request.headers.get(_TOKEN_HEADER))
            case "DELETE", ["instances"]:
                return self._purge_matching(request.query)
            case "GET", ["instances", instance_id]:
                return self._status(instance_id, request.query)
            case "DELETE", ["instances", instance_id]:
                return _purged(query.purge_ids(self._engine, [instance_id], recursive=False))
            case "POST", ["instances", instance_id, "raiseEvent" | "raiseevent", name]:
                operations.raise_event(self._engine, instance_id, name, await _json_text(request))
                return web.Response(status=202)
            case "POST", ["instances", instance_id, operation]:
                return self._operate(instance_id, operation.lower(), request.query)
            case "POST", ["orchestrators", name]:
                return await self._start(request, name, uuid.uuid4().hex)
            case "POST", ["orchestrators", name, instance_id]:
                return await self._start(request, name, instance_id)
            case "GET", ["entities"]:
                return self._entities("@", request.query, request.headers.get(_TOKEN_HEADER))
            case "GET", ["entities", name]:
                return self._entities(f"@{name.lower()}@", request.query, request.headers.get(_TOKEN_HEADER))
            case "GET", ["entities", name, key]:
                found = query.entity(self._engine, f"@{name.lower()}@{key}")
                return (
                    web.Response(status=404) if found is None else _json(200, projection.payload(found.state))
                )
            case "POST", ["entities", name, key]:
                return await self._signal(request, name.lower(), key)
            case _:
                return web.Response(status=404)

    def _status(self, instance_id: str, asked: Mapping[str, str]) -> web.Response:
        instance = self._engine.find(instance_id)
        if instance is None:
            raise InstanceNotFound(f"No orchestration has the id '{instance_id}'.")
        with_input = _flag(asked, "showInput", default=True)
        shown = projection.instance(instance, with_input=with_input)
        if _flag(asked, "showHistory"):
            shown["historyEvents"] = projection.history(
                self._engine.history(instance_id),
                with_input=with_input,
                with_output=_flag(asked, "showHistoryOutput"),
            )
        if not instance.finished:
            return _json(
                202, shown, {"Location": self._links(instance_id)["statusQueryGetUri"], "Retry-After": "5"}
            )
        failed = instance.status == pb.ORCHESTRATION_STATUS_FAILED
        return _json(500 if failed and _flag(asked, "returnInternalServerErrorOnFailure") else 200, shown)

    def _list(self, asked: Mapping[str, str], token: str | None) -> web.Response:
        page, following = query.instances_page(self._engine, _filter(asked), _whole(asked, "top"), token)
        with_input = _flag(asked, "showInput", default=True)
        return _page([projection.instance(each, with_input=with_input) for each in page], following)

    def _purge_matching(self, asked: Mapping[str, str]) -> web.Response:
        if "createdTimeFrom" not in asked:
            raise _BadRequest("Please provide a value for the query parameter 'createdTimeFrom'.")
        return _purged(query.purge_matching(self._engine, _filter(asked), recursive=False))

    def _operate(self, instance_id: str, operation: str, asked: Mapping[str, str]) -> web.Response:
        reason = asked.get("reason")
        encoded = None if reason is None else json.dumps(reason)
        if operation == "terminate":
            operations.terminate(self._engine, instance_id, encoded, recursive=False)
        elif operation == "suspend":
            operations.suspend(self._engine, instance_id, reason)
        elif operation == "resume":
            operations.resume(self._engine, instance_id, reason)
        elif operation == "rewind":
            operations.rewind(self._engine, instance_id, reason)
        elif operation == "restart":
            new_id = _flag(asked, "restartWithNewInstanceId", default=True)
            return self._accepted(operations.restart(self._engine, instance_id, new_id=new_id))
        else:
            return web.Response(status=404)
        return web.Response(status=202)

    async def _start(self, request: web.Request, name: str, instance_id: str) -> web.Response:
        self._check_orchestrator(name)
        body = await request.read()
        operations.start(self._engine, instance_id, name, await _json_text(request) if body else None)
        return self._accepted(instance_id)

    def _accepted(self, instance_id: str) -> web.Response:
        links = self._links(instance_id)
        return _json(202, links, {"Location": links["statusQueryGetUri"], "Retry-After": "10"})

    def _entities(self, prefix: str, asked: Mapping[str, str], token: str | None) -> web.Response:
        page, following = query.entities_page(
            self._engine,
            prefix=prefix,
            modified_from=_time(asked, "lastOperationTimeFrom"),
            modified_to=_time(asked, "lastOperationTimeTo"),
            size=_whole(asked, "top"),
            token=token,
        )
        with_state = _flag(asked, "fetchState")
        return _page([projection.entity(each, with_state=with_state) for each in page], following)

    async def _signal(self, request: web.Request, name: str, key: str) -> web.Response:
        if name not in self._entity_names:
            raise InstanceNotFound(f"The app has no entity '{name}'.")
        body = await request.read()
        content = await _json_text(request) if body else None
        operations.signal(self._engine, f"@{name}@{key}", request.query.get("op", ""), content)
        return web.Response(status=202)


async def _json_text(request: web.Request) -> str:
    if request.content_type.lower() != "application/json":
        raise _BadRequest("Only application/json request content is supported.")
    try:
        text = (await request.read()).decode()
        json.loads(text)
    except ValueError as error:
        raise _BadRequest(f"The request's content is not valid JSON: {error}.") from None
    return text


def _filter(asked: Mapping[str, str]) -> query.Filter:
    statuses: list[int] = []
    for name in asked.get("runtimeStatus", "").split(","):
        if name.strip():
            if name.strip().lower() not in _STATUSES:
                raise _BadRequest(f"'{name}' is no runtime status.")
            statuses.append(_STATUSES[name.strip().lower()])
    return query.Filter(
        statuses=tuple(statuses),
        created_from=_time(asked, "createdTimeFrom"),
        created_to=_time(asked, "createdTimeTo"),
        prefix=asked.get("instanceIdPrefix", ""),
    )


def _time(asked: Mapping[str, str], name: str) -> float | None:
    if not asked.get(name):
        return None
    try:
        parsed = datetime.fromisoformat(asked[name])
    except ValueError:
        raise _BadRequest(f"'{name}' is not an ISO 8601 time.") from None
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()


def _whole(asked: Mapping[str, str], name: str) -> int:
    value = asked.get(name, "0")
    if not re.fullmatch(r"[0-9]+", value):
        raise _BadRequest(f"'{name}' is not a whole number.")
    return int(value)


def _flag(asked: Mapping[str, str], name: str, *, default: bool = False) -> bool:
    return asked.get(name, str(default)).lower() == "true"


def _json(status: int, content: object, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(
        status=status, text=json.dumps(content), content_type="application/json", headers=headers
    )


def _message(status: int, message: str) -> web.Response:
    return _json(status, {"Message": message})


def _page(content: list[dict[str, Any]], token: str | None) -> web.Response:
    return _json(200, content, {_TOKEN_HEADER: token} if token else None)


def _purged(count: int) -> web.Response:
    return _json(200, {"instancesDeleted": count}) if count else web.Response(status=404)
