"""The plan as data: check, restore, validate, tell, in the way that the store allows; and carried out."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from infra.local.drill.landing_zone import damage_lake, problems_after_blob_recovery
from shared.actions.catalog import catalog
from shared.errors import EstateInvalid, ParametersInvalid
from shared.model.estate import Estate
from shared.model.plan import Mode, Plan
from shared.plans.planning import PlanRequest
from shared.plans.recovery.blob_data_recovery import Parameters, blob_data_recovery
from tests.shared.actions.stage import Stage, contoso
from tests.shared.actions.storage.stores import files, spoil_files
from tests.shared.plans.walk import carry_out

BEGAN = datetime(2026, 3, 1, 12, tzinfo=UTC)


def plan_of(
    store: str | None = "training-data",
    began: datetime | None = BEGAN,
    estate: Estate | None = None,
    mode: Mode = Mode.REAL,
    **parameters: object,
) -> Plan:
    wanted = Parameters.model_validate({"store": store, **parameters})
    return blob_data_recovery(estate or contoso(), PlanRequest(mode=mode, outage_started_at=began), wanted)


def test_the_way_is_said_in_the_title_and_checked_before_anything_is_written() -> None:
    plan = plan_of()
    assert plan.title == "Restore curated, raw of training-data file by file, as a data lake must be"
    assert plan_of("agent-files").title == "Restore agent-files of agent-files as ranges"
    names = [step.name for step in plan.steps]
    assert names == [
        "check_blob_restore_point",
        "restore_blob_data",
        "validate_blob_data",
        "notify_stakeholders",
    ]
    assert [step.needs for step in plan.steps] == [(), *((name,) for name in names[:-1])]
    assert [step.changes for step in plan.steps] == [False, True, False, True]
    assert plan.services == ("training-data",)
    assert (plan.approval.required, plan.rto) == (2, timedelta(hours=2))


def test_it_goes_back_to_when_the_damage_began_or_further() -> None:
    assert {step.params.get("restore_to") for step in plan_of().steps[:3]} == {"2026-03-01T12:00:00Z"}
    earlier = plan_of(restore_to=BEGAN - timedelta(days=2))
    assert earlier.steps[1].params["restore_to"] == "2026-02-27T12:00:00Z"
    with pytest.raises(ParametersInvalid, match="lies after the damage began") as error:
        plan_of(restore_to=BEGAN + timedelta(minutes=1))
    assert error.value.field == "restore_to"


def test_a_part_of_a_lake_can_be_asked_for() -> None:
    plan = plan_of(containers=("curated",), prefix="customer-data")
    assert plan.steps[1].params["containers"] == ["curated"]
    assert plan.steps[1].params["prefix"] == "customer-data"
    assert plan.title.startswith("Restore curated of")


@pytest.mark.parametrize(
    ("store", "parameters", "field", "said"),
    [
        (None, {}, "store", "say which: agent-files, training-data"),
        ("agents-db", {}, "store", "'agents-db' is no store with protected containers; there is agent-files"),
        (
            "training-data",
            {"containers": ("x",)},
            "containers",
            "x is no protected container of training-data",
        ),
        (
            "agent-files",
            {"prefix": "a"},
            "prefix",
            "a flat account, which is restored container by container",
        ),
    ],
)
def test_what_makes_no_sense_names_the_parameter(store: str, parameters: dict, field: str, said: str) -> None:
    with pytest.raises(ParametersInvalid, match=said) as error:
        plan_of(store, **parameters)
    assert error.value.field == field


def test_an_estate_without_protected_containers_has_no_such_plan() -> None:
    bare = tuple(
        service.model_copy(update={"containers": ()}) if hasattr(service, "hierarchical") else service
        for service in contoso().services
    )
    with pytest.raises(EstateInvalid, match="no storage service names its containers"):
        plan_of(None, estate=contoso().model_copy(update={"services": bare}))


def test_every_step_can_be_read_back_by_its_action() -> None:
    assert Plan.from_wire(json.loads(json.dumps(plan_of().to_wire()))) == plan_of()
    for step in plan_of().steps:
        params = catalog()[step.action].params
        assert params.from_wire(step.params).to_wire() == step.params


@pytest.mark.parametrize("how", ["deleted", "overwritten", "container_deleted"])
def test_a_damaged_lake_is_whole_again(stage: Stage, how: str) -> None:
    stage.lab.advance(60)
    began = stage.now
    damage_lake(stage.lab.fault, how)
    stage.lab.advance(600)
    assert problems_after_blob_recovery(stage.truth)
    carry_out(stage, plan_of(began=began), mode=Mode.REAL)
    assert problems_after_blob_recovery(stage.truth) == []


def test_a_flat_account_is_restored_as_a_range(stage: Stage) -> None:
    before = files(stage)
    began = stage.now + timedelta(hours=1)
    spoil_files(stage)
    assert files(stage) != before
    stage.from_now()
    carry_out(stage, plan_of("agent-files", began=began), mode=Mode.REAL)
    assert files(stage) == before
    assert len([write for write in stage.writes if write["path"].endswith("/restoreBlobRanges")]) == 1


def test_a_drill_writes_nothing(stage: Stage) -> None:
    stage.lab.advance(60)
    stage.from_now()
    carry_out(stage, plan_of(None, None, mode=Mode.DRILL), mode=Mode.DRILL)
    assert [write for write in stage.writes if "emails" not in write["path"]] == []
