"""Long-running operations: begun by a write, settled once when they are due, polled as Azure's are."""

from typing import TYPE_CHECKING

from infra.local.azure.core.clock import iso
from infra.local.azure.core.errors import ArmError, OperationFailed
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json

if TYPE_CHECKING:
    from infra.local.azure.core.world import World

RUNNING = "InProgress"
service = Service("operations")


class Operations:
    """The operations of the world; their effects are functions that services registered by name."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._table = world.table("operation")
        self._pending: tuple[int, list[Json]] = (-1, [])

    def begin(
        self,
        resource_id: str,
        effect: str,
        args: Json,
        *,
        seconds: float,
        busy: str = "Updating",
        failed: str = "Failed",
    ) -> Json:
        """Start one; the resource's provisioningState is `busy` until it ends `Succeeded` or `failed`."""
        world = self._world
        fault = world.faults.take_operation(effect, resource_id)
        operation: Json = {
            "id": world.new_id(),
            "number": (world.meta.peek("ids") or {"count": 0})["count"],
            "resource": resource_id,
            "effect": effect,
            "args": args,
            "status": RUNNING,
            "started": world.now,
            "due": world.now + seconds,
            "failed": failed,
        }
        if fault is not None:
            code = fault.get("code", "InternalServerError")
            operation["doom"] = {
                "code": code,
                "message": fault.get("message", "Encountered internal server error."),
            }
        self._table.put(operation["id"], operation)
        self._provision(resource_id, busy)
        return operation

    def running(self, resource_id: str) -> Json | None:
        """Return the operation in progress on a resource (read only)."""
        wanted = resource_id.lower()
        return next((op for op in self.pending() if op["resource"].lower() == wanted), None)

    def pending(self) -> list[Json]:
        if self._pending[0] != self._table.version:
            running = [row for _, row in self._table.rows() if row["status"] == RUNNING]
            self._pending = self._table.version, running
        return self._pending[1]

    def next_due(self) -> Json | None:
        return min(self.pending(), key=lambda op: (op["due"], op["number"]), default=None)

    def find(self, operation_id: str) -> Json | None:
        return self._table.peek(operation_id)

    def settle(self, operation: Json) -> None:
        """Apply the effect, or end Failed with nothing applied."""
        world = self._world
        mark = world.mark()
        ended: Json = {**operation, "ended": world.now}
        try:
            ended["result"] = self._apply(operation)
            ended["status"] = "Succeeded"
            self._provision(operation["resource"], "Succeeded")
        except (OperationFailed, ArmError) as failure:
            error = (
                failure
                if isinstance(failure, OperationFailed)
                else OperationFailed(failure.code, failure.message)
            )
            world.rollback(mark)
            ended["status"] = "Failed"
            ended["error"] = error.body()
            self._provision(operation["resource"], operation["failed"])
            for candidate in world.services:
                if operation["effect"] in candidate.failures:
                    arguments = {**operation["args"], "error": ended["error"]}
                    candidate.failures[operation["effect"]](world, arguments)
        self._table.put(operation["id"], ended)

    def _apply(self, operation: Json) -> Json | None:
        if "doom" in operation:
            raise OperationFailed(operation["doom"]["code"], operation["doom"]["message"])
        for candidate in self._world.services:
            if operation["effect"] in candidate.effects:
                return candidate.effects[operation["effect"]](self._world, operation["args"])
        raise OperationFailed("InternalServerError", f"no service has the effect {operation['effect']}")

    def _provision(self, resource_id: str, state: str) -> None:
        resource = self._world.resources.get(resource_id)
        if resource is not None and "provisioningState" in resource.get("properties", {}):
            resource["properties"]["provisioningState"] = state
            self._world.put_resource(resource)


def accepted(
    request: Request,
    operation: Json,
    *,
    status: int = 202,
    body: Json | None = None,
    location_only: bool = False,
) -> Answer:
    """Answer a write whose operation goes on: 201/202 with the addresses to poll, and no Retry-After."""
    parts = [part for part in operation["resource"].split("/") if part]
    lowered = [part.lower() for part in parts]
    provider = parts[lowered.index("providers") + 1] if "providers" in lowered else "Microsoft.Resources"
    base = f"https://{request.host}/subscriptions/{parts[1]}/providers/{provider}/locations/global"
    version = request.query.get("api-version", "")
    headers = {"Location": f"{base}/operationResults/{operation['id']}?api-version={version}"}
    if not location_only:
        headers["Azure-AsyncOperation"] = f"{base}/operationStatuses/{operation['id']}?api-version={version}"
    return Answer(status, body, headers)


def _find(world: "World", request: Request) -> Json:
    operation = world.operations.find(request.params["operation"])
    if operation is None:
        raise ArmError(
            404, "OperationNotFound", f"The operation '{request.params['operation']}' was not found."
        )
    return operation


@service.arm("GET", "{scope*}/operationStatuses/{operation}")
def status(world: "World", request: Request) -> Answer:
    operation = _find(world, request)
    body: Json = {
        "id": request.path,
        "name": operation["id"],
        "status": operation["status"],
        "startTime": iso(operation["started"]),
    }
    if "ended" in operation:
        body["endTime"] = iso(operation["ended"])
    if operation.get("result") is not None:
        body["properties"] = operation["result"]
    if "error" in operation:
        body["error"] = operation["error"]
    return Answer(200, body)


@service.arm("GET", "{scope*}/operationResults/{operation}")
def result(world: "World", request: Request) -> Answer:
    operation = _find(world, request)
    if operation["status"] == RUNNING:
        query = f"?api-version={request.query.get('api-version', '')}"
        return Answer(202, None, {"Location": f"https://{request.host}{request.path}{query}"})
    if "error" in operation:
        error = operation["error"]
        raise ArmError(409, error["code"], error["message"], details=error.get("details"))
    return Answer(204) if operation.get("result") is None else Answer(200, operation["result"])
