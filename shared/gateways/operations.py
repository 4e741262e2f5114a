"""Long-running Azure operations as values that survive a restart: started once, asked about, never awaited."""

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field

from shared.errors import AzureCallFailed
from shared.gateways.connection import Connection, calling
from shared.gateways.preview import Previewed
from shared.importing import IMPORTING
from shared.model.wire import Frozen

_ARM_HOSTS = re.compile(r"^([a-z0-9-]+\.)*management\.azure\.com$")


class Operation(Frozen):
    """Where to ask how an operation is doing; safe to keep in history, unlike the SDK's pickled tokens."""

    url: str
    kind: Literal["status", "location"]


class OperationState(Frozen):
    """What Azure answered about it; `body` is the result where the operation has one."""

    status: Literal["running", "succeeded", "failed"]
    detail: str = ""
    body: dict[str, Any] = Field(default_factory=dict[str, Any])


def start(operation: str, resource_id: str, begin: Callable[..., object]) -> Operation | None:
    """Call an SDK `begin_*` without waiting; None when the service had nothing to wait for.

    `begin` gets `polling=False` and a hook that reads the answer's headers (ARM async operations: RPC
    addendum, `Azure-AsyncOperation` before `Location`). In a preview the request is kept, and there is nothing
    to wait for.
    """
    headers: dict[str, str] = {}

    def keep(response: Any) -> None:  # noqa: ANN401 - PipelineResponse of three generations
        headers.update({k.lower(): v for k, v in response.http_response.headers.items()})

    with suppress(Previewed), calling(operation, resource_id):
        begin(polling=False, raw_response_hook=keep)
    if url := headers.get("azure-asyncoperation") or headers.get("operation-location"):
        return Operation(url=url, kind="status")
    if url := headers.get("location"):
        return Operation(url=url, kind="location")
    return None


def start_unless_busy(operation: str, resource_id: str, begin: Callable[..., object]) -> Operation | None:
    """`start`, where 412 only says that Azure is at another change, perhaps at this very one: look again later."""
    try:
        return start(operation, resource_id, begin)
    except AzureCallFailed as error:
        if error.status != 412:
            raise
        return None


def state(connection: Connection, operation: Operation) -> OperationState:
    """Ask once. A poll address that is not Azure's is refused: it would be handed our token."""
    with IMPORTING:
        from azure.core.rest import HttpRequest  # noqa: PLC0415

    address = urlsplit(ours(operation.url))
    # Without the query, which is signed by Azure in some services: messages end in reports and mails.
    with calling("poll operation", address._replace(query="", fragment="").geturl()):
        response = connection.arm.send_request(HttpRequest("GET", operation.url))
        body = _body(response)
        if _is_over(response.status_code):
            return OperationState(status="failed", detail=_reason(body, f"HTTP {response.status_code}"))
        response.raise_for_status()
    if operation.kind == "location" and "status" not in body:
        return OperationState(status="running" if response.status_code == 202 else "succeeded", body=body)
    status = str(body.get("status", "")).lower()
    if status in {"failed", "canceled", "cancelled"}:
        return OperationState(status="failed", detail=_reason(body, status), body=body)
    return OperationState(status="succeeded" if status == "succeeded" else "running", body=body)


def ours(url: str) -> str:
    """An address that Azure answered with; ValueError when it is not Azure Resource Manager's own.

    Whatever we ask is handed our token, so that no answer may send us anywhere else.
    """
    address = urlsplit(url)
    host = address.hostname or ""
    if not _ARM_HOSTS.fullmatch(host):
        raise ValueError(f"{host or url[:80]} is no address of Azure Resource Manager's")
    return url


def _is_over(status: int) -> bool:
    """A result address answers a failed operation with its error, and 404 once nobody remembers it any more."""
    return 400 <= status < 500 and status not in {401, 403, 408, 429}


def _body(response: Any) -> dict[str, Any]:  # noqa: ANN401 - azure-core's HttpResponse
    try:
        found = response.json() if response.content else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _reason(body: dict[str, Any], otherwise: str) -> str:
    """Code and message of an ARM error, with those of its details: the outer one seldom says what is wrong."""
    error: dict[str, Any] = body.get("error") or {}
    inner: list[dict[str, Any]] = error.get("details") or []
    said = [f"{one.get('code', otherwise)}: {one.get('message', '')}" for one in (error, *inner)]
    return "; ".join(said)[:600] if error else otherwise
