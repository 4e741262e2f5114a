"""Evaluates every rule each simulated minute, for each combination of dimensions, and calls the action groups.

Nothing is evaluated until an action group has somebody to call: `PUT .../Microsoft.Insights/actionGroups/<name>` with
`webhookReceivers: [{name, serviceUri, useCommonAlertSchema: true}]`, as for any other Azure.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from infra.local.azure.core import outbox
from infra.local.azure.core.clock import RunningClock, iso
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services import costs
from infra.local.azure.services.alerts import payload
from infra.local.azure.services.alerts.payload import AnyRule, Labels
from infra.local.azure.services.alerts.rules import RULES, CostRule, LogRule, MetricRule
from infra.local.azure.services.security import defender
from infra.local.azure.services.telemetry import border, engine, measures
from infra.local.azure.services.telemetry.story import Story
from shared.queries.question import question

EVERY = 60
TICK = 1e-6
METRIC_RESOLVES_AFTER, LOG_RESOLVES_AFTER = 3, 10
"""Evaluations in a row that find nothing until a rule with a memory says that it is over."""
REMEMBERED = 3600.0
"""Seconds for which what was wrong may still show in the longest window."""
service = Service("alert_rules")


@dataclass(frozen=True)
class Finding:
    """One combination of dimensions that meets a rule's condition."""

    targets: tuple[str, ...]
    labels: Labels
    value: float

    def key(self, rule: AnyRule) -> str:
        return "|".join(
            [rule.name, *self.targets, *(f"{name}={value}" for name, value in self.labels.items())]
        )


@service.every(EVERY)
def evaluate(world: World) -> None:
    urls = receivers(world)
    if not urls or _is_late(world):
        return
    stirred = _stirred(world)
    for rule in RULES:
        if stirred or not isinstance(rule, LogRule):
            found = {one.key(rule): one for one in _findings(world, rule)}
            _settle(world, rule, found, urls)


def _is_late(world: World) -> bool:
    """Whether the next minute is due already: a fast world must not lag ever further behind what it evaluates."""
    return isinstance(world.clock, RunningClock) and world.clock.now() - world.now >= EVERY


def receivers(world: World) -> list[str]:
    """Return the addresses that the action groups of this world call, each with what it authenticates by."""
    return [
        str(one["serviceUri"])
        for group in world.of_type("Microsoft.Insights/actionGroups")
        if group["properties"].get("enabled", True)
        for one in group["properties"].get("webhookReceivers") or []
        if one.get("useCommonAlertSchema") and one.get("serviceUri")
    ]


def _stirred(world: World) -> bool:
    """Whether a query could find anything: in calm times every minute is like the one before, and none is asked."""
    if any(row["state"] == "fired" for _, row in world.table("alert state").rows()):
        return True
    since = world.now - REMEMBERED
    if any(fault.get("ended", world.now) >= since for _, fault in world.table("fault").rows()):
        return True
    if any(row.get("last_failure", 0) >= since for _, row in world.table("traffic").rows()):
        return True
    if any(row["changes"][-1][1] == 0 for _, row in world.table("note").rows("web test ")):
        return True
    return any(row["properties"]["status"] == "Active" for _, row in world.table(defender.ALERTS).rows())


def _findings(world: World, rule: AnyRule) -> Iterator[Finding]:
    match rule:
        case LogRule():
            yield from _by_query(world, rule)
        case MetricRule():
            yield from _by_metric(world, rule)
        case CostRule():
            spent = costs.of_ordinary(world)
            if rule.met(spent):
                yield Finding(rule.targets, {}, spent)


def _by_query(world: World, rule: LogRule) -> Iterator[Finding]:
    text = question(rule.question).bound(**rule.parameters)
    columns, rows = engine.ask(world, text, world.now - rule.window, world.now - TICK)
    names = [name for name, _ in columns]
    worst: dict[tuple[str, ...], Finding] = {}
    for row in (dict(zip(names, one, strict=True)) for one in rows):
        value = float(row[rule.column]) if rule.column else 1.0
        if not rule.met(value):
            continue
        labels = {name: str(row[name]) for name in rule.dimensions}
        about = str(row.get(rule.resource_column) or "")
        finding = Finding((about,) if about.startswith("/") else rule.targets, labels, value)
        kept = worst.setdefault(tuple(labels.values()), finding)
        if (value < kept.value) == (rule.operator == "LessThan"):
            worst[tuple(labels.values())] = finding
    yield from worst.values()


def _by_metric(world: World, rule: MetricRule) -> Iterator[Finding]:
    story, metric = Story(world), measures.METRICS[rule.namespace.lower()][rule.metric]
    for target in rule.targets:
        resource = world.resources.peek(target)
        if resource is None:
            continue
        seen: dict[tuple[str, ...], list[float]] = {}
        for minute in range(int(rule.window // 60)):
            at = world.now - (minute + 1) * 60
            if rule.window > 600 and minute % 10:
                continue
            for labels, value in metric.measure(story, resource, at):
                if value is not None:
                    seen.setdefault(tuple(labels.get(name, "") for name in rule.dimensions), []).append(value)
        for combination, values in seen.items():
            value = max(values) if rule.aggregation == "Maximum" else sum(values) / len(values)
            if rule.met(value):
                yield Finding((target,), dict(zip(rule.dimensions, combination, strict=True)), value)


def _settle(world: World, rule: AnyRule, found: dict[str, Finding], urls: list[str]) -> None:
    """Fire what is new, and resolve what has been over for long enough, where the rule has a memory."""
    table = world.table("alert state")
    for key, finding in found.items():
        kept = table.get(key)
        if kept and rule.auto_resolve and kept["state"] == "fired":
            table.put(key, {**kept, "calm": 0})
        elif not (kept and world.now < kept["fired"] + rule.mute):
            number = world.new_id()
            state: Json = {
                "rule": rule.name,
                "state": "fired" if rule.auto_resolve else "told",
                "id": number,
                "origin": world.new_id(),
                "fired": world.now,
                "fired_told": world.now - border.ahead(world),
                "calm": 0,
                "targets": list(finding.targets),
                "labels": finding.labels,
                "value": finding.value,
            }
            table.put(key, state)
            _tell(world, rule, state, urls)
    enough = METRIC_RESOLVES_AFTER if isinstance(rule, MetricRule) else LOG_RESOLVES_AFTER
    for key, row in list(table.rows(rule.name + "|")):
        if row["state"] != "fired" or key in {one.lower() for one in found}:
            continue
        calm = row["calm"] + 1
        over = calm >= enough
        state = {**row, "calm": calm}
        if over:
            state |= {"state": "resolved", "resolved_told": world.now - border.ahead(world)}
        table.put(key, state)
        if over and not isinstance(rule, CostRule):
            _tell(world, rule, state, urls)


def _tell(world: World, rule: AnyRule, state: Json, urls: list[str]) -> None:
    targets, labels = tuple(state["targets"]), dict(state["labels"])
    body = payload.alert(rule, targets, labels, state["value"], state, world.now - border.ahead(world))
    condition = body["data"]["essentials"]["monitorCondition"]
    _mail(world, rule, condition, state)
    for url in urls:
        outbox.send(world, url, body, f"{rule.name} {condition} {state['id']}")


def _mail(world: World, rule: AnyRule, condition: str, state: Json) -> None:
    """Write to whom the action groups name: these mails come even when the app that is called does not live."""
    told: list[Json] = (world.table("alert mail").get("told") or {"told": []})["told"]
    for group in world.of_type("Microsoft.Insights/actionGroups"):
        for one in group["properties"].get("emailReceivers") or []:
            about = {
                "to": one["emailAddress"],
                "about": f"{rule.name} {condition}",
                "id": state["id"],
                "at": iso(world.now),
            }
            told.append(about)
    world.table("alert mail").put("told", {"told": told[-outbox.KEPT :]})


@service.truth("alerts")
def truth(world: World) -> Json:
    """Tell which rules have fired, newest first, and how the calls about them were answered."""
    rows = sorted((row for _, row in world.table("alert state").rows()), key=lambda row: -row["fired"])
    sent = sorted((row for _, row in world.table("outbox").rows()), key=lambda row: row["since"])
    return {
        "rules": [
            {
                "rule": row["rule"],
                "state": row["state"],
                "fired": iso(row["fired"]),
                "dimensions": row["labels"],
                "value": row["value"],
            }
            for row in rows
        ],
        "mails": (world.table("alert mail").peek("told") or {"told": []})["told"],
        "calls": [
            {
                "about": row["about"],
                "to": row["url"].split("?")[0],
                "at": iso(row["since"]),
                "answers": row["answers"],
                "over": "ended" in row,
            }
            for row in sent[-50:]
        ],
    }
