"""What SecurityAlert is answered with: the seven steps of seed 004, section 12.2, for each kind of incident."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from pydantic import Field

from shared.actions.mail.notify_stakeholders import notify_stakeholders
from shared.actions.proof import Proof
from shared.actions.readiness.document_lessons_learned import document_lessons_learned
from shared.actions.remediation.human_task import human_task
from shared.actions.remediation.scale_up_resources import scale_up_resources
from shared.actions.remediation.verify_endpoint_health import verify_endpoint_health
from shared.actions.security.deploy_patched_systems import deploy_patched_systems
from shared.actions.security.isolate_affected_systems import isolate_affected_systems
from shared.actions.security.lift_isolation import lift_isolation
from shared.actions.security.preserve_evidence import preserve_evidence
from shared.actions.security.regenerate_keys import regenerate_keys
from shared.actions.security.resolve_security_alerts import resolve_security_alerts
from shared.actions.security.revoke_role_assignments import revoke_role_assignments
from shared.actions.security.revoke_sessions import revoke_sessions
from shared.errors import EstateInvalid
from shared.model.estate import AiSearch, ContainerApp, CosmosDb, Estate, ObjectId, Security, Storage
from shared.model.plan import Plan, PlanKind, Step
from shared.plans.alerted import AlertParameters, alerted, example
from shared.plans.breach_scope import rotated_accounts
from shared.plans.ladder import healthy
from shared.plans.planning import PlanRequest, plan
from shared.plans.security_incidents import TASKS, Kind, kind_told

SOON, TASK = timedelta(minutes=30), timedelta(days=3)


class Parameters(AlertParameters):
    """Besides what the alert says: which kind of incident (its words tell, if not said), and who is compromised."""

    incident: Kind | None = None
    principals: tuple[ObjectId, ...] = Field(default=(), max_length=50)


@plan(
    PlanKind.REMEDIATION,
    Parameters,
    lambda estate: Parameters(
        resources=example(estate, ContainerApp).resources, dimensions={"AlertName": "Malware found"}
    ),
)
def security_alert(estate: Estate, request: PlanRequest, parameters: Parameters) -> Plan:
    """Takes a security incident through detect, contain, investigate, eradicate, recover, document and prevent.

    Evidence is kept first. What a program can do it does, by kind: credentials are revoked and keys replaced, malware
    is cut off and its image replaced. What only people can do waits until their evidence lies where it is awaited. One
    person must agree before it begins, for an alert alone is no reason to cut tenants off.
    """
    if (security := estate.security) is None:
        raise EstateInvalid(
            f"estate {estate.name} has no security section, so no incident can be contained: add it"
        )
    service, _ = alerted(estate, parameters, ContainerApp)
    kind = parameters.incident or kind_told(parameters.dimensions)
    scene = _Scene(estate, security, service, kind, parameters.principals, request)
    steps = tuple(scene.steps())
    return Plan(
        name="security_alert",
        kind=PlanKind.REMEDIATION,
        title=f"{kind.replace('_', ' ').capitalize()} at {service.name}: contain, eradicate, recover",
        steps=steps,
        approval=estate.approvals[PlanKind.OPERATION],
        services=(service.name,),
        restored_by="recover",
    )


class _Scene:
    """What every step of one plan shares."""

    def __init__(
        self,
        estate: Estate,
        security: Security,
        service: ContainerApp,
        kind: Kind,
        principals: tuple[str, ...],
        request: PlanRequest,
    ) -> None:
        self.estate, self.security, self.service, self.kind = estate, security, service, kind
        self.principals, self.since = principals, request.outage_started_at
        self.to = estate.tenant_gate.contacts if estate.tenant_gate else estate.on_call
        self.groups = (security.network_security_groups[service.region],)
        self.accounts = tuple(
            rotated_accounts(
                estate,
                security,
                tuple(one for one in estate.services if isinstance(one, CosmosDb | AiSearch | Storage)),
            )
        )
        self.done: tuple[Step, ...] = ()

    def steps(self) -> Iterator[Step]:
        tell = notify_stakeholders.step(
            name="tell_security", critical=False, to=self.to, begins=True, deadline=SOON
        )
        yield tell
        phases: tuple[tuple[str, Callable[[], Iterator[Step]]], ...] = (
            ("detect", self._detect),
            ("contain", self._contain),
            ("investigate", lambda: self._task("investigate")),
            ("eradicate", self._eradicate),
            ("recover", self._recover),
            ("document", self._document),
            ("prevent", lambda: self._task("prevent")),
        )
        for _, phase in phases:
            made = tuple(phase())
            yield from made
            self.done = made[-1:] or self.done

    def _detect(self) -> Iterator[Step]:
        yield preserve_evidence.step(
            name="detect",
            container=self.security.evidence_container,
            apps=(self.service,),
            groups=self.groups,
            accounts=tuple(one.account_id for one in self.accounts),
            vaults=(),
            principals=self.principals,
            since=self.since,
            deadline=SOON,
        )

    def _contain(self) -> Iterator[Step]:
        if self.principals:
            sessions = revoke_sessions.step(
                name="contain_sessions", needs=self.done, principals=self.principals, deadline=SOON
            )
            yield sessions
            self.done = (sessions,)
            roles = revoke_role_assignments.step(
                name="contain_roles",
                needs=self.done,
                principals=self.principals,
                since=self.since,
                deadline=SOON,
            )
            yield roles
            self.done = (roles,)
        if self.kind == "malware":
            yield isolate_affected_systems.step(
                name="contain",
                needs=self.done,
                open_outbound=self.security.open_outbound,
                **self._isolated(),
                undo=lift_isolation.step(**self._isolated()),
                deadline=SOON,
            )
        elif self.kind == "ddos":
            more = scale_up_resources.step(
                name="contain_capacity",
                needs=self.done,
                critical=False,
                app_id=self.service.resource_id,
                limits=self.service.replicas,
                deadline=SOON,
            )
            yield more
            self.done = (more,)
        yield from self._task("contain")

    def _eradicate(self) -> Iterator[Step]:
        if self.kind == "compromised_credentials":
            for account in self.accounts:
                step = regenerate_keys.step(
                    name=f"eradicate_{account.account_id.rsplit('/', 1)[-1].replace('-', '_').lower()}",
                    needs=self.done,
                    deadline=timedelta(hours=2),
                    **account.model_dump(),
                )
                yield step
                self.done = (step,)
        if self.kind == "malware":
            image = next(one for one in self.security.images if one.service == self.service.name)
            yield deploy_patched_systems.step(
                name="eradicate",
                needs=self.done,
                service=self.service,
                digest=image.digest,
                imported_from=image.imported_from,
                registry_id=image.registry_id,
                deadline=self.service.rto,
            )
        yield from self._task("eradicate")

    def _recover(self) -> Iterator[Step]:
        """The alerts must fall silent before the platform opens, and it must answer."""
        group = "/".join(self.service.resource_id.split("/")[:5])
        quiet = resolve_security_alerts.step(
            name="recover_silence",
            needs=self.done,
            scopes=(group,),
            apps=(self.service,),
            deadline=timedelta(hours=2),
        )
        yield quiet
        self.done = (quiet,)
        if self.kind == "malware":
            lift = lift_isolation.step(
                name="recover_access", needs=self.done, **self._isolated(), deadline=SOON
            )
            yield lift
            self.done = (lift,)
        proof = Proof(conditions=(healthy(self.service),), within=timedelta(minutes=15))
        yield verify_endpoint_health.step(
            name="recover", needs=self.done, recovers=(self.service.name,), proof=proof, deadline=SOON
        )

    def _document(self) -> Iterator[Step]:
        yield document_lessons_learned.step(name="document", needs=self.done, critical=False, deadline=SOON)

    def _task(self, phase: str) -> Iterator[Step]:
        task = TASKS[phase].get(self.kind) or TASKS[phase].get("every")
        if task is None:
            return
        yield human_task.step(
            name=phase,
            needs=self.done,
            task=f"{self.service.name}, {self.kind.replace('_', ' ')}: {task[0]}",
            evidence=task[1],
            to=self.to,
            container=self.security.evidence_container,
            deadline=TASK,
        )

    def _isolated(self) -> dict[str, Any]:
        return {
            "container": self.security.evidence_container,
            "apps": (self.service,),
            "groups": self.groups,
        }
