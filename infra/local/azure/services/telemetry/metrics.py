"""The batch API of platform metrics: `https://<region>.metrics.monitor.azure.com`, for resources of that region."""

import re
from collections.abc import Mapping
from datetime import datetime

from infra.local.azure.core.clock import iso
from infra.local.azure.core.errors import ArmError, not_found
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World, region_name
from infra.local.azure.services.telemetry import border
from infra.local.azure.services.telemetry.measures import METRICS, Metric
from infra.local.azure.services.telemetry.story import Story

MOST_RESOURCES = 50
SERIES = 10
"""Series of a split that come when nobody says how many."""
GRAINS = {"PT1M": 60, "PT5M": 300, "PT15M": 900, "PT30M": 1800, "PT1H": 3600, "PT6H": 21_600, "PT12H": 43_200}
GRAINS["P1D"] = 86_400
_FILTER = re.compile(r"\s*(\w+)\s+eq\s+'([^']*)'\s*")
service = Service("metrics")

type Labels = tuple[tuple[str, str], ...]


@service.on(
    "POST", "{region}.metrics.monitor.azure.com", "/subscriptions/{subscription}/metrics:getBatch", reads=True
)
def batch(world: World, request: Request) -> Answer:
    """Answer one or more metrics of up to 50 resources."""
    region = request.params["region"]
    if region != "global":
        if region not in world.regions:
            raise ArmError(400, "BadRequest", f"The region '{region}' is not known.")
        world.require_region(region)
    ids = request.json.get("resourceids")
    if not isinstance(ids, list) or not ids:
        raise ArmError(400, "BadRequest", "resourceids must name at least one resource.")
    if len(ids) > MOST_RESOURCES:
        raise ArmError(
            400, "BadRequest", f"The batch has {len(ids)} resources; {MOST_RESOURCES} are allowed."
        )
    asked = request.query.get("metricnames", "").split(",")
    rows = [_found(world, str(one), region) for one in ids]
    return Answer(200, {"values": [_measured(world, request, row, asked) for row in rows]})


def _found(world: World, resource_id: str, region: str) -> Json:
    row = world.resources.peek(resource_id)
    if row is None:
        raise not_found(resource_id)
    if (where := region_name(row.get("location", "global"))) != region:
        raise ArmError(400, "BadRequest", f"The resource {resource_id} is in {where}, not in {region}.")
    return row


def _measured(world: World, request: Request, row: Json, asked: list[str]) -> Json:
    query = request.query
    namespace = query.get("metricnamespace", "")
    known = METRICS.get(namespace.lower())
    if known is None or row["type"].lower() != namespace.lower():
        raise ArmError(400, "BadRequest", f"{namespace} is not a metric namespace of {row['type']}.")
    grain = _grain(query.get("interval", "PT1M"))
    start = _time(world, query, "starttime", world.now - 3600)
    end = _time(world, query, "endtime", world.now)
    if end <= start:
        raise ArmError(400, "BadRequest", f"Start time {iso(start)} must be before the end time {iso(end)}.")
    by_name = {name.lower(): name for name in known}
    value: list[Json] = []
    for one in asked:
        if one.lower() not in by_name:
            names = ",".join(known)
            raise ArmError(
                400, "BadRequest", f"Failed to find metric configuration for {one}. Valid metrics: {names}"
            )
        name = by_name[one.lower()]
        series = _series(world, request, row, known[name], (start, end, grain))
        value.append(
            {
                "id": f"{row['id']}/providers/Microsoft.Insights/metrics/{name}",
                "type": "Microsoft.Insights/metrics",
                "name": {"value": name, "localizedValue": name},
                "unit": known[name].unit,
                "timeseries": series,
                "errorCode": "Success",
            }
        )
    return {
        "starttime": border.told(world, start),
        "endtime": border.told(world, end),
        "interval": query.get("interval", "PT1M"),
        "namespace": namespace,
        "resourceregion": region_name(row.get("location", "global")),
        "resourceid": row["id"],
        "value": value,
    }


def _series(
    world: World, request: Request, row: Json, metric: Metric, when: tuple[float, float, int]
) -> list[Json]:
    start, end, grain = when
    if grain < metric.grain:
        raise ArmError(
            400, "BadRequest", f"The grain must be at least {metric.grain} seconds for this metric."
        )
    wanted = [one for one in request.query.get("aggregation", metric.aggregations[0]).split(",") if one]
    if wrong := [one for one in wanted if one.capitalize() not in metric.aggregations]:
        raise ArmError(400, "BadRequest", f"The metric is not aggregated by {', '.join(wrong)}.")
    split = _split(request.query.get("filter", ""), metric)
    points: dict[Labels, dict[float, list[float]]] = {}
    story = Story(world)
    first = start // grain * grain
    moments = [first + number * grain for number in range(int((end - first) // grain) + 1)]
    moments = [at for at in moments if start <= at < end and at <= world.now] or [first]
    for at in moments:
        # Long grains are looked at in twelve places, like every gauge that is sampled.
        for step in range(0, grain, max(60, grain // 12)):
            if at + step > world.now:
                break
            for dimensions, measured in metric.measure(story, row, at + step):
                labels = tuple((name, dimensions.get(name, "")) for name in split)
                if measured is not None and all(split[name] in {"*", said} for name, said in labels):
                    points.setdefault(labels, {}).setdefault(at, []).append(measured)
    top = int(request.query.get("top", SERIES)) if split else 1
    return [
        _one(world, labels, values, moments, wanted, metric)
        for labels, values in sorted(points.items())[:top]
    ]


def _one(
    world: World,
    labels: Labels,
    values: dict[float, list[float]],
    moments: list[float],
    wanted: list[str],
    metric: Metric,
) -> Json:
    data: list[Json] = []
    for at in moments:
        point: Json = {"timeStamp": border.told(world, at)}
        if found := values.get(at):
            point |= {one.lower(): _aggregated(one.lower(), found, metric) for one in wanted}
        data.append(point)
    about = [{"name": {"value": name, "localizedValue": name}, "value": said} for name, said in labels]
    return {"metadatavalues": about, "data": data}


def _aggregated(kind: str, values: list[float], metric: Metric) -> float:
    match kind:
        case "maximum":
            return max(values)
        case "minimum":
            return min(values)
        case "total" | "count" if metric.unit == "Count":
            return sum(values)
        case "count":
            return len(values)
        case _:
            return sum(values) / len(values)


def _split(text: str, metric: Metric) -> dict[str, str]:
    """Read `Name eq '*' and Other eq 'value'`."""
    split: dict[str, str] = {}
    for part in text.split(" and ") if text else ():
        found = _FILTER.fullmatch(part)
        known = {one.lower(): one for one in metric.dimensions}
        if found is None or found[1].lower() not in known:
            names = ", ".join(metric.dimensions) or "none"
            raise ArmError(400, "BadRequest", f"The filter '{part}' is not understood; dimensions: {names}.")
        split[known[found[1].lower()]] = found[2]
    return split


def _grain(text: str) -> int:
    if text not in GRAINS:
        raise ArmError(400, "BadRequest", f"The interval {text} is not supported: {', '.join(GRAINS)}.")
    return GRAINS[text]


def _time(world: World, query: Mapping[str, str], name: str, otherwise: float) -> float:
    text = query.get(name)
    try:
        return datetime.fromisoformat(text).timestamp() + border.ahead(world) if text else otherwise
    except ValueError as error:
        raise ArmError(400, "BadRequest", f"{name} '{text}' is not a date and time.") from error
