"""How each plan of the catalog comes to be needed, in the ways that it knows."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from infra.local.azure.services.security import facts
from infra.local.drill.landing_zone import damage_lake, lose_workspace, take_region_away
from shared.model.estate import CosmosDb, MlWorkspace, Storage
from shared.model.plan import Mode, Plan
from shared.plans.catalog import catalog
from shared.plans.planning import PlanRequest
from tests.shared.actions.corruption.scene import corrupted
from tests.shared.actions.corruption.test_restore_from_backup import GOOD_AT
from tests.shared.actions.remediation.scene import APP, HEALTH, trouble
from tests.shared.actions.remediation.test_human_task import answer
from tests.shared.actions.security.breach import broken_into
from tests.shared.actions.stage import Stage, contoso
from tests.shared.actions.storage.stores import spoil_files
from tests.shared.plans.previewing import EVIDENCE, OnlyThen
from tests.shared.plans.recovery import (
    test_data_corruption,
    test_dr_drill,
    test_landing_zone_failback,
    test_region_failback,
)
from tests.shared.plans.walk import carry_out


@dataclass(frozen=True)
class Case:
    """A plan when it is needed, and how many writes its run sends at least.

    `problems`: steps that look for what only the run brings about; `only_then`: what no preview can know.
    """

    prepare: Callable[[Stage], Plan]
    writes: int
    mode: Mode = Mode.REAL
    problems: frozenset[str] = frozenset()
    only_then: tuple[OnlyThen, ...] = ()


def plan_of(name: str, began: object = None, mode: Mode = Mode.REAL, **parameters: object) -> Plan:
    maker = catalog()[name]
    request = PlanRequest.model_validate({"mode": mode, "outage_started_at": began})
    return maker(contoso(), request, maker.parameters.model_validate(parameters))


def region_outage(stage: Stage) -> Plan:
    stage.lab.advance(30)
    began = stage.now
    stage.outage()
    stage.lab.advance(60)
    return plan_of("region_outage", began)


def region_failback(stage: Stage) -> Plan:
    fault = test_region_failback.recovered(stage)
    stage.lab.advance(600)
    stage.lab.end(fault)
    stage.lab.advance(60)
    return plan_of("region_failback")


def dr_drill(stage: Stage) -> Plan:
    # As in any world that is older than a moment, the indexer has run.
    stage.lab.advance(330)
    return test_dr_drill.in_its_window(stage)


def ml_workspace_recovery(stage: Stage) -> Plan:
    stage.lab.advance(60)
    began = stage.now
    lose_workspace(stage.lab.fault)
    stage.lab.advance(60)
    return plan_of("ml_workspace_recovery", began)


def security_breach(stage: Stage) -> Plan:
    began = broken_into(stage)
    return plan_of("security_breach", began, compromised_principals=(facts.FRANK,))


def landing_zone_activation(stage: Stage) -> Plan:
    stage.lab.advance(30)
    began = stage.now
    take_region_away(stage.lab.fault)
    stage.lab.advance(200)
    return plan_of("landing_zone_activation", began, trigger="data_center_failure")


def landing_zone_failback(stage: Stage) -> Plan:
    fault = test_landing_zone_failback.activated(stage)
    stage.lab.advance(600)
    stage.lab.end(fault)
    stage.lab.advance(60)
    return plan_of("landing_zone_failback")


def damaged_lake(how: str) -> Callable[[Stage], Plan]:
    def prepare(stage: Stage) -> Plan:
        stage.lab.advance(60)
        began = stage.now
        damage_lake(stage.lab.fault, how)
        stage.lab.advance(600)
        return plan_of("blob_data_recovery", began, store="training-data")

    return prepare


def damaged_files(stage: Stage) -> Plan:
    began = stage.now + timedelta(hours=1)
    spoil_files(stage)
    return plan_of("blob_data_recovery", began, store="agent-files")


def data_corruption(stage: Stage) -> Plan:
    corrupted(stage, secrets=["search-api-key"])
    return plan_of("data_corruption", good_at=GOOD_AT)


def deleted_container(stage: Stage) -> Plan:
    test_data_corruption.good_night(stage)
    good_at = stage.now
    stage.lab.advance(10)
    test_data_corruption.corrupt(stage, writer="script", containers=["files"], dropped=["files"], secrets=[])
    stage.lab.advance(30)
    return plan_of("data_corruption", good_at=good_at)


def a_night_later(name: str, mode: Mode = Mode.REAL, **parameters: object) -> Callable[[Stage], Plan]:
    """Nothing is wrong."""

    def prepare(stage: Stage) -> Plan:
        test_data_corruption.good_night(stage)
        return plan_of(name, mode=mode, **parameters)

    return prepare


def next_canary(stage: Stage) -> Plan:
    plan = plan_of("canary")
    carry_out(stage, plan, mode=Mode.REAL, run_id="maintenance-canary-20260101T000000-00000001")
    stage.lab.advance(300)
    return plan


def drill(name: str, writes: int, *problems: str, only_then: tuple[OnlyThen, ...] = ()) -> Case:
    prepare = a_night_later(name, Mode.DRILL)
    return Case(prepare, writes, Mode.DRILL, frozenset(problems), only_then)


def on_alert(name: str, prepare: Callable[[Stage], object], **parameters: object) -> Callable[[Stage], Plan]:
    """A remediation of the agent service, after what was prepared."""

    def prepared(stage: Stage) -> Plan:
        prepare(stage)
        return plan_of(name, resources=[APP.resource_id], **parameters)

    return prepared


def never_cured(stage: Stage) -> None:
    """Nothing answers, whatever is tried: every rung of a ladder is needed."""
    stage.lab.advance(30)
    stage.lab.fault("endpoint_down", HEALTH)


def busy_container(stage: Stage) -> Plan:
    stage.lab.advance(60)
    account = contoso().of_kind(CosmosDb)[0].resource_id
    trouble(stage, "high_load", f"{account}/sqlDatabases/agents/containers/runs", demand=1100)
    stage.lab.advance(120)
    return plan_of("cosmos_ru_usage", resources=[account])


def lasting_load(stage: Stage) -> Plan:
    busy_container(stage)
    stage.lab.advance(600)
    return plan_of("scale_cosmos")


def other_rules(stage: Stage) -> Plan:
    stage.lab.advance(30)
    return plan_of("scale_container_apps")


def violation(stage: Stage) -> Plan:
    stage.lab.advance(30)
    return plan_of("tenant_boundary_violation", dimensions={"tenantId": "fabrikam"})


def readmission(stage: Stage) -> Plan:
    carry_out(stage, violation(stage), mode=Mode.REAL)
    return plan_of("tenant_readmission", tenant="fabrikam")


def failing_jobs(stage: Stage) -> Plan:
    stage.lab.advance(60)
    workspace = contoso().of_kind(MlWorkspace)[0].resource_id
    stage.lab.fault("training_failures", workspace, cured_by="scale")
    stage.lab.advance(600)
    return plan_of("training_job_failed", resources=[workspace])


def looked_at(name: str, **parameters: object) -> Case:
    """A plan that only looks."""

    def prepare(stage: Stage) -> Plan:
        stage.lab.advance(60)
        return plan_of(name, **parameters)

    return Case(prepare, 0)


def malware(stage: Stage) -> Plan:
    stage.lab.advance(60)
    stage.lab.fault("security_alert", APP.resource_id, message="malware")
    for task in ("investigate", "prevent"):
        answer(stage, task, "remediation-security_alert-20260101T000000-00c0ffee")
    return plan_of("security_alert", resources=[APP.resource_id], incident="malware")


def full_lake(stage: Stage) -> Plan:
    stage.lab.advance(60)
    lake = next(one for one in contoso().of_kind(Storage) if one.name == "training-data")
    stage.lab.fault("storage_full", lake.resource_id.rsplit("/", 1)[-1])
    return plan_of("storage_near_capacity", resources=[lake.resource_id])


def spending(stage: Stage) -> Plan:
    stage.lab.advance(60)
    answer(stage, "explain_spend", "remediation-cost_anomaly-20260101T000000-00c0ffee")
    return plan_of("cost_anomaly", service="ml-workspace")


CASES = {
    "region_outage": Case(region_outage, 17, problems=frozenset({"measure_rpo", "validate_services"})),
    "region_failback": Case(region_failback, 17),
    "dr_drill": Case(dr_drill, 33, Mode.DRILL),
    "ml_workspace_recovery": Case(ml_workspace_recovery, 5),
    "security_breach": Case(security_breach, 46, only_then=(EVIDENCE,)),
    "landing_zone_activation": Case(landing_zone_activation, 9),
    "landing_zone_failback": Case(landing_zone_failback, 9),
    "blob_data_recovery": Case(damaged_lake("deleted"), 13),
    "data_corruption": Case(
        data_corruption,
        20,
        Mode.REAL,
        # Files are still damaged while nothing is sent, and tenants are served by nobody.
        frozenset({"validate_data_integrity_agent_files"}),
        (
            OnlyThen(
                r"POST https://cosmos-fas-prod-r\d+\.documents\.azure\.com/.*/docs$",
                "which later documents are missing in the restored account shows when it is there",
            ),
            OnlyThen(
                r"/restoration-[a-z-]+\.json$",
                "the bad writer goes on until it is isolated, and the note says how much is wrong then",
                ("problems",),
            ),
        ),
    ),
    "canary": Case(a_night_later("canary"), 9),
    "scale_cosmos": Case(lasting_load, 1),
    "scale_container_apps": Case(other_rules, 1),
    "daily": Case(a_night_later("daily"), 6),
    "monthly": Case(a_night_later("monthly", month="2026-01"), 4),
    "system_availability_drop": Case(on_alert("system_availability_drop", never_cured), 3),
    "cosmos_ru_usage": Case(busy_container, 1),
    "tenant_boundary_violation": Case(violation, 5, only_then=(EVIDENCE,)),
    "tenant_readmission": Case(readmission, 3),
    "high_error_rate": Case(on_alert("high_error_rate", never_cured), 3),
    "response_time_degradation": Case(on_alert("response_time_degradation", never_cured), 2),
    "training_job_failed": Case(failing_jobs, 1),
    "noisy_neighbour": looked_at("noisy_neighbour"),
    "security_detections": looked_at("security_detections"),
    "storage_near_capacity": Case(full_lake, 1),
    "cost_anomaly": Case(spending, 1),
    "inference_endpoint_down": looked_at("inference_endpoint_down", service="inference-api"),
    "high_latency": looked_at("high_latency", service="inference-api"),
    "security_alert": Case(malware, 10, only_then=(EVIDENCE,)),
    **{
        name: looked_at(name)
        for name in (
            "diagnose_training_quota",
            "diagnose_endpoint_503",
            "diagnose_openai_unreachable",
            "diagnose_slow_gpu_scale",
            "diagnose_registry_sync",
        )
    },
    # The same plans in other ways.
    "region_outage/drill": drill("region_outage", 17),
    "security_breach/drill": drill("security_breach", 30, only_then=(EVIDENCE,)),
    "landing_zone_activation/drill": drill("landing_zone_activation", 9),
    "ml_workspace_recovery/drill": drill("ml_workspace_recovery", 2),
    "blob_data_recovery/overwritten": Case(damaged_lake("overwritten"), 13),
    "blob_data_recovery/container_deleted": Case(damaged_lake("container_deleted"), 2),
    "blob_data_recovery/ranges": Case(damaged_files, 2),
    "data_corruption/container_deleted": Case(
        deleted_container,
        12,
        problems=frozenset({"validate_data_integrity_agents_db"}),
    ),
    "data_corruption/drill": drill("data_corruption", 11),
    "canary/next": Case(next_canary, 6),
}
"""Every plan of the catalog, and after a slash another way of it."""
