"""Faults that are injected into the world: what they are, and which request they hit."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from infra.local.azure.core.clock import iso
from infra.local.azure.core.errors import ArmError
from infra.local.azure.core.http import Request
from infra.local.azure.core.store import Json

if TYPE_CHECKING:
    from infra.local.azure.core.world import World

KINDS = {
    "region_outage",  # target: region
    "no_capacity",  # target: region
    "throttle",  # target: part of the URL or "*"; retry_after, count, match
    "error",  # as throttle; status, code, message
    "slow",  # as throttle; seconds
    "ack_lost",  # as throttle: the write happens, the answer does not come
    "endpoint_down",  # target: host or URL; with `cured_by` its app answers 503 instead (telemetry.troubles)
    "lro_failed",  # target: part of the operation's resource id or "*"; code, message, count
}
# Field -> least value of a number, or the type of what is no number.
FIELDS: dict[str, float | type] = {
    "count": 1,
    "status": 400,
    "seconds": 0,
    "retry_after": 0,
    "code": str,
    "message": str,
    "match": dict,
    "details": dict,
    "credential": str,
    # What goes wrong in a service (telemetry.troubles).
    "cured_by": str,
    "factor": 1,
    "load": 1,
    "percent": 1,
    "per_hour": 1,
}
MATCHES = {"method": str, "path": str, "writes": bool}
REGIONAL = {"region_outage", "no_capacity"}


class Faults:
    """`kinds` grows by what services add: kind -> what happens to the world at injection."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._table = world.table("fault")
        self._active: tuple[int, list[Json]] = (-1, [])
        self.kinds: dict[str, Callable[[World, Json], Json | None] | None] = dict.fromkeys(KINDS)

    def inject(self, kind: str, target: str, **details: object) -> Json:
        """Start a fault; returns it with its `id`. `count` ends it after that many hits."""
        if kind not in self.kinds:
            raise ArmError(
                400, "UnknownFault", f"unknown kind '{kind}'; known: {', '.join(sorted(self.kinds))}"
            )
        if not target:
            raise ArmError(400, "InvalidFault", "target is missing")
        if kind in REGIONAL and target.lower() not in self._world.regions:
            raise ArmError(
                400, "InvalidFault", f"unknown region '{target}'; known: {', '.join(self._world.regions)}"
            )
        if wrong := [name for name, value in details.items() if not _fits(name, value)]:
            raise ArmError(400, "InvalidFault", f"unknown or unfit fields: {', '.join(sorted(wrong))}")
        with self._world.transaction():
            self._world.catch_up()
            fault: Json = {
                "id": self._world.new_id(),
                "kind": kind,
                "target": target,
                **details,
                "started_at": iso(self._world.now),
                "started": self._world.now,
                "hits": 0,
            }
            happen = self.kinds[kind]
            if happen is not None:
                fault.update(happen(self._world, fault) or {})
            self._table.put(fault["id"], fault)
            return fault

    def end(self, fault_id: str) -> Json:
        with self._world.transaction():
            self._world.catch_up()
            fault = self._table.get(fault_id)
            if fault is None or "ended" in fault:
                raise ArmError(404, "FaultNotFound", f"no active fault '{fault_id}'")
            return self._end(fault)

    def over(self, fault: Json) -> None:
        """End a fault from within the world: what it stands for has been stopped."""
        self._end({**fault})

    def _end(self, fault: Json) -> Json:
        fault["ended"], fault["ended_at"] = self._world.now, iso(self._world.now)
        self._table.put(fault["id"], fault)
        return fault

    def active(self, *kinds: str) -> list[Json]:
        """Return the faults (of these kinds) that go on, oldest first: one request takes one of them."""
        if self._active[0] != self._table.version:
            rows = (row for _, row in self._table.rows() if "ended" not in row)
            self._active = self._table.version, sorted(rows, key=lambda fault: fault["started"])
        return [fault for fault in self._active[1] if not kinds or fault["kind"] in kinds]

    def history(self, kind: str) -> list[Json]:
        """Return all faults of a kind, ended ones too, oldest first."""
        rows = [fault for _, fault in self._table.rows() if fault["kind"] == kind]
        return sorted(rows, key=lambda fault: fault["started"])

    def hits(self, region: str, kind: str = "region_outage") -> bool:
        return any(fault["target"].lower() == region for fault in self.active(kind))

    def host_down(self, host: str) -> bool:
        down = [fault for fault in self.active("endpoint_down") if "cured_by" not in fault]
        return any(host_of(fault["target"]) == host.lower() for fault in down)

    def take(self, kind: str, request: Request, *, write: bool, named: bool = False) -> Json | None:
        """Return the fault of that kind that hits this request, and count the hit.

        `named`: only faults whose target names the request, so that the tenants' traffic does not use up
        those that are meant for everything else.
        """
        url = f"https://{request.host}{request.path}".lower()
        return self._take(kind, url, request.method, write=write, named=named)

    def take_operation(self, name: str, resource_id: str) -> Json | None:
        """Return the `lro_failed` fault that hits an operation about to begin, and count the hit."""
        return self._take("lro_failed", f"{resource_id} {name}".lower(), "POST", write=True)

    def _take(self, kind: str, text: str, method: str, *, write: bool, named: bool = False) -> Json | None:
        for fault in self.active(kind):
            match: Json = fault.get("match") or {}
            if (
                ((fault["target"] == "*" and not named) or fault["target"].lower() in text)
                and match.get("path", "").lower() in text
                and match.get("method", method).upper() == method
                and (write or not match.get("writes", False))
                and (write or kind != "ack_lost")
            ):
                fault = {**fault, "hits": fault["hits"] + 1}  # noqa: PLW2901 - rows are read only
                self._table.put(fault["id"], fault)
                if fault.get("count") is not None and fault["hits"] >= fault["count"]:
                    self._end(fault)
                return fault
        return None


def _fits(name: str, value: object) -> bool:
    rule = FIELDS.get(name)
    if rule is None:
        return False
    if not isinstance(rule, type):
        return isinstance(value, int | float) and not isinstance(value, bool) and value >= rule
    if name == "match" and isinstance(value, dict):
        return all(isinstance(one, MATCHES.get(str(key), type(None))) for key, one in value.items())
    return isinstance(value, rule)


def host_of(target: str) -> str:
    return target.lower().removeprefix("https://").removeprefix("http://").split("/")[0].split(":")[0]
