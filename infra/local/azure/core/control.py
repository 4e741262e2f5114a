"""The `/_sim/*` calls: inject faults, read the truth and the ledger."""

import json

from aiohttp import web

from infra.local.azure.core.clock import iso
from infra.local.azure.core.errors import ArmError
from infra.local.azure.core.masking import masked
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World


def answer(world: World, method: str, path: str, body: bytes) -> tuple[int, object]:
    """Return status and JSON of one call, without any server around it."""
    parts = path.strip("/").split("/")[1:]
    try:
        match method, parts:
            case "POST", ["faults"]:
                return 201, _inject(world, body)
            case "GET", ["faults"]:
                return 200, {"faults": world.faults.active()}
            case "DELETE", ["faults", fault_id]:
                return 200, world.faults.end(fault_id)
            case "GET", ["world"]:
                return 200, truth(world)
            case "GET", ["ledger"]:
                return 200, world.ledger()
            case _:
                return 404, ArmError(404, "NotFound", f"{method} {path} leads nowhere").body()
    except ArmError as error:
        return error.status, error.body()


async def respond(world: World, request: web.Request) -> web.Response:
    """Answer for aiohttp: mount it under `/_sim/{tail:.*}` on any server."""
    status, body = answer(world, request.method, request.path, await request.read())
    return web.json_response(body, status=status)


def truth(world: World) -> Json:
    """What is really so: time, regions, faults, resources, operations, and what every service adds."""
    with world.transaction():
        world.catch_up()
        body: Json = {
            "time": iso(world.now),
            "timestamp": world.now,
            "speed": world.speed,
            "seed": world.seed,
            "regions": {region: {"up": world.region_up(region)} for region in world.regions},
            "faults": world.faults.active(),
            "operations": [_operation(row) for _, row in world.table("operation").rows()],
            "resources": {row["id"]: masked(row) for _, row in world.resources.rows()},
        }
        for service in world.services:
            for name, tell in service.truths.items():
                body[name] = tell(world)
        return body


def _operation(row: Json) -> Json:
    """Show an operation without its arguments, which may hold secrets under any name."""
    return masked({key: value for key, value in row.items() if key not in {"args", "doom"}})


def _inject(world: World, body: bytes) -> Json:
    try:
        fault = json.loads(body)
    except ValueError as error:
        raise ArmError(400, "InvalidFault", f"not JSON: {error}") from error
    if not isinstance(fault, dict) or not isinstance(fault.get("kind"), str):
        raise ArmError(400, "InvalidFault", "an object with `kind` and `target` is expected")
    fields: Json = fault
    return world.faults.inject(fields.pop("kind"), str(fields.pop("target", "")), **fields)
