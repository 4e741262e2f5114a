"""The estate: what we look after, who looks after it, and the rules they work by."""

from datetime import date, time, timedelta
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field

from shared.model.forms import HttpsUrl, KeyUrl, Mail, Name, Region, ResourceId, TimeZone
from shared.model.on_call import OnCall
from shared.model.plan import ApprovalPolicy, PlanKind
from shared.model.replicas import ReplicaRange
from shared.model.role import Role
from shared.model.throughput import ThroughputRange
from shared.model.wire import Strict


class Person(Strict):
    """Somebody who may do something: tenant id and object id, never the mail address alone."""

    name: str
    mail: Mail
    tenant_id: str = Field(pattern=r"^[0-9a-fA-F-]{36}$")
    object_id: str = Field(pattern=r"^[0-9a-fA-F-]{36}$")
    roles: tuple[Role, ...]
    duties: tuple[Name, ...] = ()

    @property
    def id(self) -> str:
        """The identity that approvals are counted by."""
        return f"{self.tenant_id}/{self.object_id}".lower()


class Tenant(Strict):
    """A customer on the shared platform."""

    name: Name
    contacts: tuple[Mail, ...] = ()


class ServiceBase(Strict):
    """What every protected service has. RTO and RPO are targets (seed 000, section 8.1)."""

    name: Name
    resource_id: ResourceId
    region: Region
    recovery_region: Region
    health_url: HttpsUrl | None = None
    owner: Mail
    rto: timedelta
    rpo: timedelta | None = None
    # The escalation policy of its incidents; none named: the estate's first one.
    on_call: Name | None = None
    # What the health monitor calls it when `health_url` fails; `remediation` says what that leads to.
    health_rule: str = "EndpointUnhealthy"


class CosmosDb(ServiceBase):
    """A Cosmos DB account with a region in each place."""

    kind: Literal["cosmos_db"]
    database: str
    containers: tuple[str, ...]
    # What integrity is checked by: where the tenant stands again beside the partition key, and where the app keeps
    # the SHA-256 of each document (see `shared.planners.integrity.proves_itself`).
    partition_key: str = "tenantId"
    tenant_field: str | None = None
    hash_field: str | None = None
    # Between how many RU/s each container is scaled by itself (plan scale_cosmos; seed 000, section 6.1.1).
    throughput: ThroughputRange = ThroughputRange(least=400, most=20_000)


class AiSearch(ServiceBase):
    """A search service and its sibling in the recovery region; tenants read through an alias."""

    kind: Literal["ai_search"]
    recovery_resource_id: ResourceId
    alias: str
    index: str
    source: Name
    source_container: str
    snapshot_container: str
    snapshot_storage: Name
    depends_on: tuple[Name, ...] = ()


class ContainerApp(ServiceBase):
    """A container app, and the environment in the recovery region that it is deployed into."""

    kind: Literal["container_app"]
    recovery_resource_id: ResourceId
    recovery_environment_id: ResourceId
    recovery_replicas: int = Field(ge=1, le=300)
    # What remediation may do to it: between how many replicas it is scaled, and which Redis caches it reads.
    replicas: ReplicaRange = ReplicaRange(least=2, most=10)
    caches: tuple[ResourceId, ...] = ()


class Storage(ServiceBase):
    """A geo-redundant storage account."""

    kind: Literal["storage"]
    data_loss_limit: timedelta = timedelta(minutes=15)
    # A data lake (hierarchical namespace) takes other ways of restoring than a flat account.
    hierarchical: bool = False
    containers: tuple[str, ...] = ()
    restorable_for: timedelta = timedelta(days=14)
    # How much it is planned to hold, in TiB: what "nearly full" is measured by.
    planned_tib: float | None = Field(default=None, gt=0)
    sku: Literal["Standard_GRS", "Standard_RAGRS", "Standard_GZRS", "Standard_RAGZRS"] = "Standard_RAGRS"


class KeyVault(ServiceBase):
    """A vault and the one in the recovery region that holds the same secrets."""

    kind: Literal["key_vault"]
    recovery_resource_id: ResourceId
    secrets: tuple[str, ...]


class TrafficRoute(ServiceBase):
    """How tenants find the platform: a DNS name that leads to a Traffic Manager profile."""

    kind: Literal["traffic_route"]
    dns_name: str
    zone_id: ResourceId
    endpoints: dict[Region, str]
    resolvers: tuple[HttpsUrl, ...] = Field(min_length=1)


class ModelDeployment(Strict):
    """A model that an Azure OpenAI account serves; `capacity` in thousands of tokens per minute."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{1,63}$")
    model: str
    version: str
    sku: str = "Standard"
    capacity: int = Field(ge=1)


class OpenAi(ServiceBase):
    """An Azure OpenAI account, and the one that serves its models while the region is out."""

    kind: Literal["open_ai"]
    recovery_resource_id: ResourceId
    deployments: tuple[ModelDeployment, ...] = Field(min_length=1)


class ComputeCluster(Strict):
    """A compute cluster of a machine learning workspace, with its scale in nodes."""

    name: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9-]{1,31}$")
    vm_size: str
    min_nodes: int = Field(default=0, ge=0)
    max_nodes: int = Field(ge=1)
    # How far remediation may raise `max_nodes` while jobs fail for want of nodes; not at all if nothing is said.
    most_nodes: int | None = Field(default=None, ge=1)


class SampleJob(Strict):
    """A short training job that proves that a workspace works."""

    command: str
    environment: str
    compute: str
    within: timedelta = timedelta(minutes=30)


class MlWorkspace(ServiceBase):
    """A machine learning workspace, the one in the recovery region, and where its configuration is backed up."""

    kind: Literal["ml_workspace"]
    recovery_resource_id: ResourceId
    computes: tuple[ComputeCluster, ...] = Field(min_length=1)
    backup_storage: Name
    backup_container: str
    sample_job: SampleJob


Service = Annotated[
    CosmosDb | AiSearch | ContainerApp | Storage | KeyVault | TrafficRoute | OpenAi | MlWorkspace,
    Field(discriminator="kind"),
]


class Platform(Strict):
    """Where this app itself lives; what recovers a region must not go down with it."""

    app: Region
    scheduler: Region
    keys: Region
    mail: Region
    records_account_url: HttpsUrl
    records_container: str = "foundry-ops-records"
    vault_url: HttpsUrl
    mail_endpoint: HttpsUrl
    mail_sender: Mail
    # The Key Vault key (https://<vault>.vault.azure.net/keys/<name>) that seals the evidence of every run.
    evidence_key_url: KeyUrl


class RemediationRule(Strict):
    """What an alert rule leads to: a plan that is offered to people, or started.

    `in_outage` is the plan that is offered instead while the whole region is out: remediating there helps nobody.
    """

    alert_rule: str
    plan: str
    start: Literal["offer", "start"] = "offer"
    # Nothing but a person closes its incidents, whatever Azure Monitor or a probe says.
    security: bool = False
    in_outage: str = ""
    parameters: dict[str, Any] = Field(default_factory=dict[str, Any])


class Schedule(Strict):
    """A maintenance plan at a local time of the estate or of its own time zone, or again and again (`every`)."""

    plan: str
    at: time | None = None
    every: timedelta | None = None
    weekdays: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = ()
    month_days: tuple[Annotated[int, Field(ge=1, le=31)], ...] = ()
    dates: tuple[date, ...] = ()
    time_zone: TimeZone | None = None
    useful_for: timedelta = timedelta(hours=6)
    parameters: dict[str, Any] = Field(default_factory=dict[str, Any])


class DrillDate(Strict):
    """A day on which a disaster recovery drill is held, and the change under which the CAB has approved it."""

    date: date
    change: str = Field(pattern=r"^CHG-[0-9]{5}$")
    approved_by: str | None = None


class Drills(Strict):
    """When drills are held: each in a window of its own. `takes` is what must be left of it when one begins."""

    time_zone: TimeZone = "America/New_York"
    start: time = time(2, 0)
    length: timedelta = timedelta(hours=2)
    takes: timedelta = timedelta(hours=1)
    dates: tuple[DrillDate, ...] = ()


class Limits(Strict):
    """How long things may take before somebody is asked, and how much may change without anybody being asked.

    The second half binds what alerts and timers start (`shared.planners.guardrails`).
    """

    step_deadline: timedelta = timedelta(hours=4)
    page_again_after: timedelta = timedelta(minutes=15)
    # An incident that no longer hurts is watched for so long, and then closes by itself.
    quiet_before_close: timedelta = timedelta(minutes=10)
    # Who acknowledges has so long until the next level hears of it as well.
    acknowledged_for: timedelta = timedelta(hours=1)
    # The same action on the same resource waits so long before it may change it again.
    cool_down: timedelta = timedelta(minutes=15)
    cool_downs: dict[str, timedelta] = Field(default_factory=dict[str, timedelta])
    changes_per_hour: int = Field(default=20, ge=0)
    # The largest share of an estate's tenants, and of a service's replicas, that may be touched at once.
    blast_radius: float = Field(default=0.5, gt=0, le=1)


class Closed(Strict):
    """A time in which something is left alone, and why. Times carry their offset: 2026-12-24T00:00+09:00."""

    begins: AwareDatetime
    ends: AwareDatetime
    reason: str = Field(min_length=3)


class MaintenanceWindow(Closed):
    """Work on services that makes them fail as planned: their alerts page nobody, and start nothing."""

    services: tuple[Name, ...] = Field(min_length=1)


ObjectId = Annotated[str, Field(pattern=r"^[0-9a-fA-F-]{36}$")]
ImageDigest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]


class KeptPrincipal(Strict):
    """An identity that no recovery may lock out, and why: the apps' own, this app's, break-glass accounts."""

    object_id: ObjectId
    why: str = Field(min_length=3)


class RotatedKey(Strict):
    """The keys of a service, regenerated in a breach, and the vault secret that its new first key goes into."""

    service: Name
    vault: Name | None = None
    secret: str | None = None
    form: Literal["key", "cosmos_connection_string"] = "key"


class ApprovedImage(Strict):
    """The image that a container app is patched to, by digest, and the repository that it is imported from."""

    service: Name
    digest: ImageDigest
    imported_from: str = Field(pattern=r"^[a-z0-9.-]+\.[a-z]+/[a-z0-9._/-]+$")
    registry_id: ResourceId


class Security(Strict):
    """What a breach is answered with: where to cut the network, which keys to replace, who must keep their access.

    `open_outbound` are the service tags that isolated apps still reach: without its registry no patched image
    starts.
    """

    network_security_groups: dict[Region, ResourceId] = Field(min_length=1)
    open_outbound: tuple[str, ...] = ("AzureContainerRegistry", "AzureActiveDirectory", "AzureMonitor")
    keys: tuple[RotatedKey, ...]
    images: tuple[ApprovedImage, ...]
    kept: tuple[KeptPrincipal, ...] = Field(min_length=1)
    evidence_container: str = Field(default="foundry-ops-evidence", pattern=r"^[a-z0-9-]{3,63}$")

    def keeps(self, object_id: str) -> str | None:
        """Why that identity must keep its access, or None when it need not."""
        return next((one.why for one in self.kept if one.object_id.lower() == object_id.lower()), None)


class Telemetry(Strict):
    """Where what the services log is kept: the Log Analytics workspace, by its GUID ("Workspace ID")."""

    workspace_id: str = Field(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")


class ServiceLevels(Strict):
    """What tenants are promised (seed 000, section 3.2): the monthly report measures against it.

    `availability` is the percent of a month's requests that must be answered, `p95_ms` the milliseconds within which
    19 of 20 are. That no tenant reaches another's data is no target: one attempt is too many.
    """

    availability: float = Field(default=99.9, gt=0, lt=100)
    p95_ms: float = Field(default=2000.0, gt=0)


class TenantGate(Strict):
    """How a tenant is turned away at once: the app reads the list of isolated tenants from a secret of its vaults.

    The secret holds a JSON list of tenants' names. It is written to every vault that is named, in each region, so
    that a failover does not let anybody in again.
    """

    service: Name
    vaults: tuple[HttpsUrl, ...] = Field(min_length=1)
    secret: str = Field(default="isolated-tenants", pattern=r"^[0-9A-Za-z-]{1,127}$")
    # Who is told at once.
    contacts: tuple[Mail, ...] = Field(min_length=1)


class Estate(Strict):
    """One estate file, whole and checked."""

    name: Name
    title: str
    time_zone: TimeZone
    subscription_id: str = Field(pattern=r"^[0-9a-fA-F-]{36}$")
    regions: tuple[Region, ...]
    platform: Platform
    services: tuple[Service, ...]
    tenants: tuple[Tenant, ...]
    people: tuple[Person, ...]
    stakeholders: tuple[Mail, ...]
    on_call: tuple[Mail, ...]
    approvals: dict[PlanKind, ApprovalPolicy]
    remediation: tuple[RemediationRule, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    limits: Limits = Limits()
    # Nothing starts by the clock that changes Azure: a year-end freeze, a big sale.
    blackouts: tuple[Closed, ...] = ()
    maintenance_windows: tuple[MaintenanceWindow, ...] = ()
    security: Security | None = None
    drills: Drills = Drills()
    # Who answers an incident, and who next; `on_call` above is paged where nothing here says who.
    escalation: OnCall | None = None
    # How a tenant is turned away.
    tenant_gate: TenantGate | None = None
    # Where what the services log is asked for.
    telemetry: Telemetry | None = None
    # What tenants are promised.
    service_levels: ServiceLevels = ServiceLevels()

    def service(self, name: str) -> Service:
        """The service of that name; KeyError when the estate has none."""
        if (found := self.service_named(name)) is None:
            raise KeyError(name)
        return found

    def service_named(self, name: object) -> Service | None:
        """The service of that name, if there is one; for names that an alert or its rule brought."""
        return next((service for service in self.services if service.name == name), None)

    def of_kind[S](self, kind: type[S]) -> tuple[S, ...]:
        """All services of one type, in the file's order."""
        return tuple(service for service in self.services if isinstance(service, kind))

    def person(self, identity: str) -> Person | None:
        """Who that identity (`Person.id`) is, if the estate knows."""
        return next((person for person in self.people if person.id == identity), None)

    def person_by_mail(self, mail: str) -> Person | None:
        """Who has that address; for lookups in the file only, never to prove who is calling."""
        return next((person for person in self.people if person.mail.lower() == mail.lower()), None)
