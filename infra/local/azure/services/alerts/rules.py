"""The alert rules of the source documents, under their own names, with their conditions put right.

Their queries are the app's own (`shared/queries`), so that what fires is what the app then asks about.
"""

from dataclasses import dataclass, field
from typing import Literal

from infra.local.azure import contoso, landing_zone
from infra.local.azure.services.telemetry import measures
from shared.queries.question import Value

MINUTE = 60.0

APP = contoso.resource_id(contoso.EAST, "Microsoft.App/containerApps", "ca-agent-service")
FRONT_DOOR = contoso.resource_id(contoso.GLOBAL, "Microsoft.Network/trafficManagerProfiles", "tm-fas")
INFERENCE = contoso.resource_id(
    landing_zone.GLOBAL, "Microsoft.Network/trafficManagerProfiles", "tm-prod-ai-inference"
)
WORKSPACE = contoso.resource_id(
    landing_zone.EAST, landing_zone.WORKSPACES, landing_zone.WORKSPACE_NAMES["eastus2"]
)
HEARTBEAT = contoso.resource_id(contoso.GLOBAL, "Microsoft.Insights/webtests", "foundry-ops")
COSMOS = contoso.resource_id(contoso.EAST, "Microsoft.DocumentDB/databaseAccounts", contoso.COSMOS)

type Operator = Literal["GreaterThan", "GreaterThanOrEqual", "LessThan"]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What all rules have. `severity` 0 to 4; `window` in seconds.

    Without `auto_resolve` a rule has no memory: it fires at every evaluation that finds something, but for `mute`
    seconds after it has fired for the same dimensions, and it never says that it is over.
    """

    name: str
    severity: int
    description: str
    targets: tuple[str, ...]
    operator: Operator
    threshold: float
    window: float = 5 * MINUTE
    auto_resolve: bool = True
    mute: float = 0.0

    def met(self, value: float) -> bool:
        match self.operator:
            case "GreaterThan":
                return value > self.threshold
            case "GreaterThanOrEqual":
                return value >= self.threshold
            case "LessThan":
                return value < self.threshold


@dataclass(frozen=True, kw_only=True)
class LogRule(Rule):
    """A scheduled query rule: a question, the column that it measures, the columns that it fires for each."""

    question: str
    column: str
    dimensions: tuple[str, ...] = ()
    parameters: dict[str, Value] = field(default_factory=dict[str, Value])
    # The column with the resource that it is about, where that is not the same for all rows.
    resource_column: str = ""


@dataclass(frozen=True, kw_only=True)
class MetricRule(Rule):
    """A metric alert with a static threshold, for each resource of the namespace among its targets."""

    namespace: str
    metric: str
    aggregation: Literal["Average", "Maximum"]
    dimensions: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CostRule(Rule):
    """What today will have cost, in percent of the average of the two weeks before."""


RULES: tuple[LogRule | MetricRule | CostRule, ...] = (
    # Operations and monitoring procedures, section 5: `autoMitigation` is off.
    LogRule(
        name="SystemAvailabilityDrop",
        severity=0,
        description="System availability below 99.95%",
        targets=(FRONT_DOOR,),
        question="availability",
        column="availability",
        operator="LessThan",
        threshold=99.95,
        auto_resolve=False,
        mute=5 * MINUTE,
    ),
    LogRule(
        name="TenantBoundaryViolation",
        severity=0,
        description="Tenant boundary violation detected",
        targets=(APP,),
        question="boundary_violations",
        column="violations",
        dimensions=("tenant",),
        # "Greater than 1" in the document lets a single violation pass.
        operator="GreaterThanOrEqual",
        threshold=1,
        window=MINUTE,
        auto_resolve=False,
    ),
    LogRule(
        name="HighErrorRate",
        severity=1,
        description="Error rate exceeds 5% for any tenant",
        targets=(APP,),
        question="error_rate",
        column="error_rate",
        dimensions=("tenant",),
        operator="GreaterThan",
        threshold=5,
        auto_resolve=False,
        mute=5 * MINUTE,
    ),
    LogRule(
        name="ResponseTimeDegradation",
        severity=2,
        description="P95 response time above 3 seconds for a tenant",
        targets=(APP,),
        question="response_time",
        column="p95_ms",
        dimensions=("tenant",),
        operator="GreaterThan",
        threshold=3000,
    ),
    MetricRule(
        name="CosmosRuUsage",
        severity=2,
        description="More than 80% of a container's throughput is used",
        targets=(COSMOS,),
        namespace="Microsoft.DocumentDB/databaseAccounts",
        metric="NormalizedRUConsumption",
        aggregation="Maximum",
        dimensions=("DatabaseName", "CollectionName"),
        operator="GreaterThan",
        threshold=80,
    ),
    # AI landing zone handover, section 6.2.
    LogRule(
        name="InferenceEndpointDown",
        severity=0,
        description="Availability of the inference endpoint below 99%",
        targets=(INFERENCE,),
        question="inference_availability",
        column="availability",
        dimensions=("endpoint",),
        operator="LessThan",
        threshold=99,
    ),
    LogRule(
        name="HighLatency",
        severity=2,
        description="P95 latency of the inference above 200 ms",
        targets=(INFERENCE,),
        question="inference_latency",
        column="p95_ms",
        dimensions=("endpoint",),
        operator="GreaterThan",
        threshold=200,
    ),
    LogRule(
        name="TrainingJobFailed",
        severity=2,
        description="More than 5 training jobs failed within an hour",
        targets=(WORKSPACE,),
        question="training_failures",
        column="failures",
        dimensions=("workspace", "cluster"),
        operator="GreaterThan",
        threshold=5,
        window=60 * MINUTE,
    ),
    CostRule(
        name="CostAnomaly",
        severity=3,
        description="Daily spend above 150% of the average",
        targets=(f"/subscriptions/{contoso.SUBSCRIPTION}",),
        operator="GreaterThan",
        threshold=150,
    ),
    LogRule(
        name="SecurityAlert",
        severity=1,
        description="High severity in Sentinel",
        targets=(APP,),
        question="security_alerts",
        column="",
        dimensions=("name", "alert"),
        resource_column="resource",
        operator="GreaterThanOrEqual",
        threshold=1,
        auto_resolve=False,
        mute=60 * MINUTE,
    ),
    MetricRule(
        name="StorageNearCapacity",
        severity=3,
        description="More than 80% of the planned capacity is used",
        targets=tuple(
            contoso.resource_id(group, "Microsoft.Storage/storageAccounts", name)
            for group, name in ((contoso.EAST, "stfasprod"), (landing_zone.EAST, landing_zone.DATA_LAKE))
        ),
        namespace="Microsoft.Storage/storageAccounts",
        metric="UsedCapacity",
        aggregation="Average",
        operator="GreaterThan",
        threshold=0.8 * measures.CAPACITY,
        window=60 * MINUTE,
    ),
    # The dead man's switch: what watches the app stands outside of it.
    LogRule(
        name="HeartbeatMissing",
        severity=0,
        description="Foundry Ops itself has not answered for three minutes",
        targets=(HEARTBEAT,),
        question="heartbeat",
        column="failed",
        dimensions=("endpoint",),
        operator="GreaterThanOrEqual",
        threshold=3,
    ),
)
