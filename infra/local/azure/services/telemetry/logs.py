"""The query API of Log Analytics: one workspace, real KQL, errors and partial results in the service's own shapes."""

import re
from datetime import datetime

from infra.local.azure.core.errors import ArmError
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.telemetry import border, engine, tables

LONG_AGO = 30 * 86_400.0
"""What a query without a timespan looks at: as long as the workspace keeps what is logged."""
MOST_ROWS = 30_000
LATE = 180.0
"""Seconds: what ingestion takes at most on most days (Azure Monitor, log data ingestion time)."""
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?)?")
service = Service("log_analytics")


@service.on("POST", "api.loganalytics.io", "/v1/workspaces/{workspace}/query", reads=True)
@service.on("POST", "api.loganalytics.azure.com", "/v1/workspaces/{workspace}/query", reads=True)
def query(world: World, request: Request) -> Answer:
    """Answer a query over the time that it names, and over what is logged by now."""
    if request.params["workspace"].lower() != tables.WORKSPACE:
        raise ArmError(404, "WorkspaceNotFoundError", "The workspace could not be found")
    body = request.json
    text = body.get("query")
    if not isinstance(text, str) or not text.strip():
        raise ArmError(400, "BadArgumentError", "The request had some invalid properties: query")
    since, until = span(world, body.get("timespan"))
    late = [float(one.get("seconds", LATE)) for one in world.faults.active("ingestion_delay")]
    until = min(until, world.now - max(late, default=0.0))
    try:
        columns, rows = engine.ask(world, text, since, until)
    except engine.QueryFailed as error:
        return Answer(400, error.body())
    if border.ahead(world):
        times = {place for place, (_, kind) in enumerate(columns) if kind == "datetime"}
        rows = [
            [border.retold(world, one) if place in times and one else one for place, one in enumerate(row)]
            for row in rows
        ]
    shown = [{"name": name, "type": kind} for name, kind in columns]
    answer: Json = {"tables": [{"name": "PrimaryResult", "columns": shown, "rows": rows[:MOST_ROWS]}]}
    if len(rows) > MOST_ROWS:
        message = f"Query result set has exceeded the internal record count limit {MOST_ROWS}."
        answer["error"] = _partial("E_QUERY_RESULT_SET_TOO_LARGE", message)
    elif fault := world.faults.take("partial_result", request, write=False):
        answer["tables"][0]["rows"] = rows[: len(rows) // 2]
        answer["error"] = _partial("E_RUNAWAY_QUERY", fault.get("message", "The query ran out of memory."))
    return Answer(200, answer)


@service.fault("partial_result")
def half(_world: World, _fault: Json) -> None:
    """The service answers queries with half of their rows; the target is a part of the address, or `*`."""


@service.fault("ingestion_delay")
def delay(_world: World, _fault: Json) -> None:
    """What is logged can be asked for only `seconds` (180) later; the target is `*`."""


def _partial(code: str, message: str) -> Json:
    inner = {"code": code, "message": message}
    about = "There were some errors when processing your query."
    return {"code": "PartialError", "message": about, "innererror": inner}


def span(world: World, text: object) -> tuple[float, float]:
    """Read `start/end`, `start/duration` or `duration`; nothing is everything that is kept. In this world's time."""
    if not text:
        return world.now - LONG_AGO, world.now
    try:
        first, _, second = str(text).partition("/")
        if not second:
            return world.now - _seconds(first), world.now
        start = datetime.fromisoformat(first).timestamp() + border.ahead(world)
        if second.startswith("P"):
            return start, start + _seconds(second)
        return start, datetime.fromisoformat(second).timestamp() + border.ahead(world)
    except ValueError as error:
        raise ArmError(400, "BadArgumentError", f"The timespan '{text}' is not valid: {error}") from error


def _seconds(text: str) -> float:
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError(f"{text} is no ISO 8601 duration")
    days, hours, minutes, seconds = (float(one or 0) for one in found.groups())
    return days * 86_400 + hours * 3600 + minutes * 60 + seconds
