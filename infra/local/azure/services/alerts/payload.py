"""The common alert schema as Azure Monitor fills it for each kind of rule (Microsoft Learn, sample alert payloads)."""

from urllib.parse import quote

from infra.local.azure import contoso
from infra.local.azure.core.clock import iso
from infra.local.azure.core.store import Json
from infra.local.azure.services import costs
from infra.local.azure.services.alerts.rules import CostRule, LogRule, MetricRule
from infra.local.azure.services.telemetry.tables import WORKSPACE
from shared.queries.question import question

SUBSCRIPTION = f"/subscriptions/{contoso.SUBSCRIPTION}"
ORDINARY = sum(costs.DAILY.values())
_KINDS = {LogRule: "scheduledqueryrules", MetricRule: "metricAlerts"}

type AnyRule = LogRule | MetricRule | CostRule
type Labels = dict[str, str]


def alert(
    rule: AnyRule, targets: tuple[str, ...], labels: Labels, value: float, state: Json, at: float
) -> Json:
    """Return what is sent about an instance of a rule.

    `state` holds its ids and its times, which are those of who is told, as `at` is.
    """
    match rule:
        case LogRule():
            essentials, context = _log(rule, labels, value, at)
        case MetricRule():
            essentials, context = _metric(rule, targets, labels, value, at)
        case CostRule():
            essentials, context = _cost(rule, targets, value)
    resolved = {"resolvedDateTime": iso(state["resolved_told"])} if "resolved_told" in state else {}
    common: Json = {
        "alertId": f"{SUBSCRIPTION}/providers/Microsoft.AlertsManagement/alerts/{state['id']}",
        "alertRule": rule.name,
        "severity": f"Sev{rule.severity}",
        "monitorCondition": "Resolved" if resolved else "Fired",
        "alertTargetIDs": [target.lower() for target in targets],
        "configurationItems": [target.rsplit("/", 1)[-1].lower() for target in targets],
        "originAlertId": state["origin"],
        "firedDateTime": iso(state["fired_told"]),
        **resolved,
        "description": rule.description,
        "essentialsVersion": "1.0",
        "alertContextVersion": "1.0",
    }
    return {
        "schemaId": "azureMonitorCommonAlertSchema",
        "data": {"essentials": {**common, **essentials}, "alertContext": context},
    }


def _log(rule: LogRule, labels: Labels, value: float, at: float) -> tuple[Json, Json]:
    api = f"https://api.loganalytics.io/v1/workspaces/{WORKSPACE}/query"
    text = question(rule.question).bound(**rule.parameters)
    link = f"{api}?query={quote(text)}&timespan={iso(at - rule.window)}%2f{iso(at)}"
    portal = f"https://portal.azure.com#@{contoso.TENANT_ID}/blade/Microsoft_Azure_Monitoring_Logs/LogsBlade"
    condition: Json = {
        "searchQuery": text,
        "metricMeasureColumn": rule.column or None,
        "targetResourceTypes": "['Microsoft.OperationalInsights/workspaces']",
        "operator": rule.operator,
        "threshold": f"{rule.threshold:g}",
        "timeAggregation": "Maximum" if rule.column else "Count",
        "dimensions": _dimensions(labels),
        "metricValue": value,
        "failingPeriods": {"numberOfEvaluationPeriods": 1, "minFailingPeriodsToAlert": 1},
        "linkToSearchResultsUI": portal,
        "linkToFilteredSearchResultsUI": portal,
        "linkToSearchResultsAPI": link,
        "linkToFilteredSearchResultsAPI": link,
    }
    context = {
        "properties": None,
        "conditionType": "LogQueryCriteria",
        "condition": _window(rule, condition, at),
    }
    return {**_rule_id(rule), "signalType": "Log", "monitoringService": "Log Alerts V2"}, context


def _metric(
    rule: MetricRule, targets: tuple[str, ...], labels: Labels, value: float, at: float
) -> tuple[Json, Json]:
    condition: Json = {
        "metricName": rule.metric,
        "metricNamespace": rule.namespace,
        "operator": rule.operator,
        "threshold": f"{rule.threshold:.12g}",
        "timeAggregation": rule.aggregation,
        "dimensions": _dimensions(labels),
        "metricValue": value,
        "webTestName": None,
    }
    kind = (
        "SingleResourceMultipleMetricCriteria"
        if len(rule.targets) == 1
        else "MultipleResourceMultipleMetricCriteria"
    )
    if len(rule.targets) > 1:
        about = {"microsoft.resourceId": targets[0], "microsoft.resourceType": rule.namespace}
        condition["dimensions"] = [*_dimensions(about), *condition["dimensions"]]
    essentials = {**_rule_id(rule), "signalType": "Metric", "monitoringService": "Platform"}
    return essentials, {"properties": None, "conditionType": kind, "condition": _window(rule, condition, at)}


def _cost(rule: CostRule, targets: tuple[str, ...], value: float) -> tuple[Json, Json]:
    """A budget's alert, which names its rule, its severity and its targets nowhere but in its own data."""
    budget = f"{SUBSCRIPTION}/providers/Microsoft.Consumption/budgets/{rule.name}"
    data: Json = {
        "Scope": f"{targets[0]}/",
        "ThresholdType": "Actual",
        "BudgetType": "Cost",
        "BudgetThreshold": f"${ORDINARY:,.2f}",
        "NotificationThresholdAmount": f"${ORDINARY * rule.threshold / 100:,.2f}",
        "BudgetName": rule.name,
        "BudgetId": budget,
        "BudgetStartDate": "2026-01-01",
        "BudgetCreator": "finance@contoso.com",
        "Unit": "USD",
        "SpentAmount": f"${ORDINARY * value / 100:,.2f}",
    }
    nothing = dict.fromkeys(("alertRule", "severity", "signalType", "alertTargetIDs", "originAlertId"))
    essentials = {**nothing, "configurationItems": ["budgets"], "monitoringService": "CostAlerts"}
    return essentials, {"AlertCategory": "budgets", "AlertData": data}


def _rule_id(rule: AnyRule) -> Json:
    kind = _KINDS[type(rule)]  # pyright: ignore[reportArgumentType] - budgets have none and do not ask
    return {
        "alertRuleID": f"{contoso.group_id(contoso.GLOBAL)}/providers/microsoft.insights/{kind}/{rule.name}"
    }


def _window(rule: AnyRule, condition: Json, at: float) -> Json:
    minutes = int(rule.window // 60)
    size = f"PT{minutes // 60}H" if minutes % 60 == 0 else f"PT{minutes}M"
    return {
        "windowSize": size,
        "allOf": [condition],
        "windowStartTime": iso(at - rule.window),
        "windowEndTime": iso(at),
    }


def _dimensions(labels: Labels) -> list[Json]:
    return [{"name": name, "value": value} for name, value in labels.items()]
