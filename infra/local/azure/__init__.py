"""A small, honest simulated Azure: resources with state, operations that take time, traffic that truly fails.

Run it: `python -m infra.local.azure --port N [--estate FILE] [--state FILE] [--speed N] [--seed N]`.
In process: `world = open_world(...)`, `async with Simulator(world) as simulator: simulator.url`.
Requests carry the host that they mean in the header `x-sim-host`.

Adding a service is one file in `services/` and one entry in `services.SERVICES`:

    service = Service("search")

    @service.seed                               # once, on a new world, after the estate was put
    def plant(world): world.table("index").put("svc/name", {...})

    @service.arm("GET", GROUP + "/providers/Ns/things/{name}")    # GROUP: services.generic
    def get(world, request):                    # token and api-version are already checked
        return Answer(200, world.resource(request.path))          # raises ARM's 404

    @service.arm("POST", ".../{name}/move", survives_outage=True)  # else 503 while its region is out
    def move(world, request):
        operation = world.operations.begin(resource_id, "search.move", {...}, seconds=durations.MOVE)
        return accepted(request, operation)     # 202 with Azure-AsyncOperation and Location

    @service.effect("search.move")              # when due, once, in order; OperationFailed undoes it
    def moved(world, args): ...

    @service.on("PUT", "{name}.search.windows.net", "/indexes('{index}')")    # data plane
    def put_index(world, request):
        world.require_region(region)            # closes the connection while the region is out
        return Answer(201, {...})               # or Later(20, lambda: Answer(...)), or raise ArmError

    @service.every(1)                           # clockwork: each simulated second, in order with operations
    def pump(world): ...

    @service.truth("indexes")                   # a part of GET /_sim/world
    def truth(world): return {...}

    @service.fault("data_corruption")           # a kind of fault: called once when it is injected
    def corrupt(world, fault): ...

    @dependency("search")                       # services.dependencies: what a tenant's transaction needs
    def check(world, settings): return None or "why not"

Telemetry (`services/telemetry`) is told from what the world remembers: real KQL at api.loganalytics.io, platform
metrics at <region>.metrics.monitor.azure.com, and faults of services in `telemetry/troubles.py`. Alert rules
(`services/alerts`) call whoever an action group names as its webhook; `world.table("outbox")` is what leaves.

Documents live in `world.table(kind)`: `get` returns a copy, `peek` and `rows` must not be changed, `put`
and `delete` are the only writes; keys ignore case. Everything that one request (or one catch-up of time)
writes is one SQLite transaction, committed before the answer. `world.now` is simulated seconds since 1970.
A handler is a plain function: it never sleeps and does no I/O. `request.params` holds what the templates
named, `request.json` the body. Tests hook `world.before_write(entry)` and `world.after_write(entry)`, and
inject faults in process with `world.faults.inject(kind, target, ...)`.
"""

from infra.local.azure.assembly import open_world
from infra.local.azure.core.clock import ManualClock
from infra.local.azure.core.server import Simulator
from infra.local.azure.core.store import StateUnusable
from infra.local.azure.core.world import World

__all__ = ["ManualClock", "Simulator", "StateUnusable", "World", "open_world"]
