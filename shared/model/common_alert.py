"""The common alert schema of Azure Monitor, in all its monitoring services: hostile until it is an `Alert`.

Microsoft Learn, "Common alert schema" and "Sample alert payloads". What is not read is not refused, because Azure
adds to the schema as it likes; what is read is bounded in number and length.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from shared.model.alert import Alert
from shared.model.severity import Severity

NAMES_READ = 20
"""Dimensions and facts of one alert; more than any rule splits by."""
NAME_LENGTH, VALUE_LENGTH = 100, 300

SECURITY_SERVICES = frozenset({"activity log - security", "microsoft sentinel", "azure sentinel"})
SECURITY_PROVIDERS = ("microsoft.security/", "microsoft.securityinsights/", "/securityinsights/")

SECURITY_TABLES = re.compile(r"\s*(SecurityAlert|SecurityIncident)\b", re.IGNORECASE)
OVER = frozenset({"resolved", "complete", "canceled"})
"""Stages of a Service Health event after which nothing more comes."""

ACTIVITY_FACTS = ("operationName", "status", "level", "eventSource", "caller", "correlationId")
ACTIVITY_PROPERTIES = (
    "title", "incidentType", "trackingId", "stage", "region", "service", "impactStartTime",  # Service Health
    "currentHealthStatus", "previousHealthStatus", "cause", "type", "details",  # Resource Health
    "severity", "compromisedEntity", "attackedResourceType", "intent", "threatStatus",  # Security
)  # fmt: skip
BUDGET_FACTS = (
    "BudgetName", "BudgetType", "ThresholdType", "BudgetThreshold", "NotificationThresholdAmount", "SpentAmount",
    "Scope", "Unit",
)  # fmt: skip


def _none_is_empty(value: object) -> object:
    return "" if value is None else value


Text = Annotated[str, BeforeValidator(_none_is_empty)]


class _Essentials(BaseModel):
    model_config = ConfigDict(extra="ignore", defer_build=True)

    alertId: str = Field(min_length=1, max_length=1000)  # noqa: N815 - the schema's name
    alertRule: Annotated[Text, Field(max_length=500)] = ""  # noqa: N815
    severity: Literal["Sev0", "Sev1", "Sev2", "Sev3", "Sev4"] | None = None
    monitorCondition: Literal["Fired", "Resolved"] | None = None  # noqa: N815
    monitoringService: Annotated[Text, Field(max_length=200)] = ""  # noqa: N815
    alertTargetIDs: tuple[Annotated[str, Field(max_length=1000)], ...] | None = Field(  # noqa: N815
        default=None, max_length=100
    )
    firedDateTime: datetime  # noqa: N815
    resolvedDateTime: datetime | None = None  # noqa: N815
    description: Annotated[Text, Field(max_length=10_000)] = ""

    @field_validator("firedDateTime", "resolvedDateTime")
    @classmethod
    def _aware(cls, at: datetime | None) -> datetime | None:
        return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at

    @property
    def is_budget(self) -> bool:
        """Cost Management fills less of the schema than others: no rule, severity, condition or target."""
        return self.monitoringService.lower() == "costalerts"

    @model_validator(mode="after")
    def _is_whole(self) -> "_Essentials":
        needed = {
            "alertRule": self.alertRule,
            "severity": self.severity,
            "monitorCondition": self.monitorCondition,
        }
        if not self.is_budget and (missing := [name for name, value in needed.items() if not value]):
            raise ValueError(f"{', '.join(missing)}: only a cost alert may come without")
        return self


class _Data(BaseModel):
    model_config = ConfigDict(extra="ignore", defer_build=True)

    essentials: _Essentials
    alertContext: Any = None  # noqa: N815


class CommonAlert(BaseModel):
    """The common alert schema."""

    model_config = ConfigDict(extra="ignore", defer_build=True)

    schemaId: Literal["azureMonitorCommonAlertSchema"]  # noqa: N815
    data: _Data

    def alert(self) -> Alert:
        """The part of it that we act on."""
        found, context = self.data.essentials, _Context(self.data.alertContext)
        budget = context.part("AlertData") if found.is_budget else {}
        resources = tuple(found.alertTargetIDs or ()) or tuple(
            one for one in (_text(budget.get("Scope")),) if one.startswith("/")
        )
        service = found.monitoringService
        resolved = found.monitorCondition == "Resolved" or context.is_over()
        return Alert(
            id=found.alertId,
            rule=found.alertRule or _text(budget.get("BudgetName")) or "CostAlert",
            severity=Severity.from_azure(found.severity or "Sev2"),
            condition="resolved" if resolved else "fired",
            fired_at=found.firedDateTime,
            resolved_at=found.resolvedDateTime,
            measured_since=context.measured_since(),
            resources=resources,
            dimensions=context.dimensions(),
            facts=_facts(budget, BUDGET_FACTS) if budget else context.facts(),
            monitoring_service=service,
            description=found.description[:1000],
            security=service.lower() in SECURITY_SERVICES
            or context.is_about_security()
            or any(
                part in text.lower() for text in (found.alertId, *resources) for part in SECURITY_PROVIDERS
            ),
        )


class _Context:
    """The part of an alert that differs from service to service: anything at all until it is looked at."""

    def __init__(self, content: object) -> None:
        self.content = _mapping(content)

    def part(self, name: str) -> dict[str, Any]:
        return _mapping(self.content.get(name))

    def criteria(self) -> list[dict[str, Any]]:
        """The conditions of a metric or log alert; of a log alert v1 the context is the one condition."""
        found = self.part("condition").get("allOf")
        return [_mapping(one) for one in _list(found)[:NAMES_READ]] or [self.content]

    def dimensions(self) -> dict[str, str]:
        """Which series it is about: of metric and log alerts their dimensions, of Prometheus its labels."""
        pairs: list[tuple[object, object]] = []
        for one in self.criteria():
            given = map(_mapping, _list(one.get("dimensions") or one.get("Dimensions"))[:NAMES_READ])
            pairs += [(dimension.get("name"), dimension.get("value")) for dimension in given]
        pairs.append(("trackingId", self.part("properties").get("trackingId")))
        pairs += [(name, value) for name, value in self.part("labels").items() if name != "alertname"]
        return _named(pairs)

    def is_over(self) -> bool:
        """Service Health sends the end of an event as one more that fired."""
        properties = self.part("properties")
        return bool(properties.get("trackingId")) and _text(properties.get("stage")).lower() in OVER

    def is_about_security(self) -> bool:
        """Defender for Cloud and Sentinel come as log search alerts on their tables."""
        queries = (one.get("searchQuery") or one.get("SearchQuery") for one in self.criteria())
        return any(SECURITY_TABLES.match(query) for query in queries if isinstance(query, str))

    def measured_since(self) -> datetime | None:
        """Where the window begins over which a metric or log rule looked."""
        begins = self.part("condition").get("windowStartTime") or self.content.get(
            "SearchIntervalStartTimeUtc"
        )
        try:
            at = datetime.fromisoformat(_text(begins))
        except ValueError:
            return None
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at

    def facts(self) -> dict[str, str]:
        """What was measured against what, or what happened."""
        first = self.criteria()[0]
        measured = {
            "measured": first.get("metricValue", first.get("ResultCount")),
            "metric": first.get("metricName") or first.get("metricMeasureColumn") or first.get("webTestName"),
            "operator": first.get("operator") or first.get("Operator"),
            "threshold": first.get("threshold", first.get("Threshold")),
            "window": self.part("condition").get("windowSize"),
            "sensitivity": first.get("alertSensitivity"),
            "expression": self.content.get("expression"),
        }
        return _named(
            [
                *measured.items(),
                *((name, self.content.get(name)) for name in ACTIVITY_FACTS),
                *((name, self.part("properties").get(name)) for name in ACTIVITY_PROPERTIES),
            ]
        )


def _facts(content: dict[str, Any], names: Iterable[str]) -> dict[str, str]:
    return _named((name, content.get(name)) for name in names)


def _named(pairs: Iterable[tuple[object, object]]) -> dict[str, str]:
    """The first few that have a name and something to say, as text."""
    found: dict[str, str] = {}
    for name, value in pairs:
        key, text = _text(name)[:NAME_LENGTH], _text(value)
        if key and text and len(found) < NAMES_READ:
            found.setdefault(key, text)
    return found


_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


def _text(value: object) -> str:
    """A scalar as one line of text that is short enough; nothing for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    text = (
        f"{value:g}"
        if isinstance(value, float)
        else str(value)
        if not isinstance(value, int)
        else _number(value)
    )
    return _CONTROL.sub(" ", text).strip()[:VALUE_LENGTH]


def _number(value: int) -> str:
    # Python refuses to print integers beyond some four thousand digits.
    return str(value) if value.bit_length() < 1000 else "a very large number"


def _mapping(value: object) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []
