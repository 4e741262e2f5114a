"""Microsoft.CostManagement: what each day cost, by service or resource, as its query API tells it."""

from datetime import UTC, datetime, timedelta

from infra.local.azure import contoso
from infra.local.azure.core.errors import ArmError
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.generic import SUBSCRIPTION
from infra.local.azure.services.telemetry.border import ahead
from infra.local.azure.services.telemetry.story import Story, chance

DAYS = 400
"""How far back costs are known."""
SPIKE = 1.8
PAGE = 1000
A_MINUTE = 4
"""Queries of one scope (Microsoft Q&A 1386793; the service's documents name units that a query costs instead)."""
# US dollars of an ordinary day: service -> what it costs, and who in the estate that mostly is.
DAILY = {
    "Azure Cosmos DB": 118.0,
    "Azure Container Apps": 64.0,
    "Azure Cognitive Search": 52.0,
    "Azure OpenAI": 96.0,
    "Azure Machine Learning": 58.0,
    "Storage": 24.0,
}
service = Service("costs")


def spent(world: World, name: str, day: float) -> float:
    """Return what a service cost on the day that begins at a moment; today only what has come together by now."""
    wobble = 0.95 + 0.1 * chance(name, int(day // 86_400))
    whole = DAILY[name] * wobble * _spike(world, name, day)
    return whole * min(1.0, max(0.0, (world.now - day) / 86_400))


def of_ordinary(world: World) -> float:
    """Return what today will have cost at this rate, in percent of the average of the two weeks before."""
    today = world.now - world.now % 86_400
    before = sum(spent(world, name, today - day * 86_400) for name in DAILY for day in range(1, 15)) / 14
    share = max(world.now - today, 1.0) / 86_400
    return 100.0 * sum(spent(world, name, today) for name in DAILY) / share / before


def _spike(world: World, name: str, day: float) -> float:
    """Return how much dearer a service was made by a fault that was at work on that day."""
    story, factor = Story(world), 1.0
    if not world.faults.history("cost_spike"):
        return factor
    for hour in range(24):
        for fault in story.faults("cost_spike", day + hour * 3600):
            if (
                fault["target"].lower() in {name.lower(), contoso.SUBSCRIPTION}
                and day + hour * 3600 <= world.now
            ):
                factor = max(factor, float(fault.get("factor", SPIKE)))
    return factor


@service.arm("POST", SUBSCRIPTION + "/providers/Microsoft.CostManagement/query", reads=True)
def query(world: World, request: Request) -> Answer:
    """Answer a daily or a total cost of a time, by service where that is asked for."""
    _check_rate(world)
    body = request.json
    dataset: Json = body.get("dataset") or {}
    if body.get("type") not in {"ActualCost", "AmortizedCost", "Usage"} or body.get("timeframe") != "Custom":
        raise _bad("type and timeframe must be given; this world knows the timeframe Custom.")
    names = [str(one.get("name")) for one in dataset.get("grouping") or []]
    if names not in ([], ["ServiceName"]):
        raise _bad(f"Invalid dataset grouping: '{', '.join(names)}'; valid values: 'ServiceName'.")
    daily = dataset.get("granularity") == "Daily"
    columns = [("PreTaxCost", "Number"), *([("UsageDate", "Number")] if daily else [])]
    columns += [(name, "String") for name in names] + [("Currency", "String")]
    rows: dict[tuple[object, ...], float] = {}
    for day in _days(world, body.get("timePeriod") or {}):
        for name in DAILY:
            date = [int(f"{datetime.fromtimestamp(day - ahead(world), UTC):%Y%m%d}")] if daily else []
            key = (*date, *([name] if names else []), "USD")
            rows[key] = rows.get(key, 0.0) + spent(world, name, day)
    shown = [{"name": name, "type": kind} for name, kind in columns]
    number = world.new_id()
    told = [[round(cost, 4), *key] for key, cost in rows.items()]
    skipped = int(request.query.get("$skiptoken", "0"))
    following = skipped + PAGE
    here = f"https://{request.host}{request.path}?api-version={request.query.get('api-version', '')}"
    properties: Json = {
        "nextLink": f"{here}&$skiptoken={following}" if following < len(told) else None,
        "columns": shown,
        "rows": told[skipped:following],
    }
    about = {"id": f"{request.path}/{number}", "name": number, "type": "Microsoft.CostManagement/query"}
    return Answer(200, {**about, "properties": properties})


def _check_rate(world: World) -> None:
    """Refuse a fifth query of a minute, in the header of its own that the service says it with."""
    kept = world.meta.peek("cost queries") or {"asked": []}
    asked = [at for at in kept["asked"] if at > world.now - 60]
    if len(asked) >= A_MINUTE:
        wait = str(int(asked[0] + 60 - world.now) + 1)
        header = "x-ms-ratelimit-microsoft.costmanagement-entity-retry-after"
        raise ArmError(429, "429", "Too many requests. Please retry.", headers={header: wait})
    world.meta.put("cost queries", {"asked": [*asked, world.now]})


def _days(world: World, period: Json) -> list[float]:
    """Return the beginnings of the days of a period, both ends included, in this world's time."""
    try:
        first, last = (datetime.fromisoformat(str(period[name])) for name in ("from", "to"))
    except (KeyError, ValueError) as error:
        raise _bad("timePeriod needs from and to.") from error
    if last < first or last - first > timedelta(days=DAYS):
        raise _bad(f"timePeriod must end after it begins, and within {DAYS} days.")
    moments = [
        one.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=UTC).timestamp()
        for one in (first, last)
    ]
    days = [moments[0] + number * 86_400 for number in range(int((moments[1] - moments[0]) // 86_400) + 1)]
    return [day + ahead(world) for day in days if day + ahead(world) <= world.now]


def _bad(message: str) -> ArmError:
    return ArmError(400, "BadRequest", message)
