"""For every plan of the catalog: what its preview lists is what the run then sends."""

import pytest

from shared.actions.catalog import find
from shared.actions.preview import PreviewedStep, Walk, preview
from shared.gateways.azure import Azure
from shared.gateways.connection import Connection
from shared.gateways.preview import Preview
from shared.model.plan import Mode, Plan
from shared.model.run import RunRecord
from shared.plans.catalog import catalog
from tests.shared.actions.stage import Stage, contoso
from tests.shared.plans.needed import CASES
from tests.shared.plans.previewing import check_the_same
from tests.shared.plans.walk import carry_out
from tests.shared.reports import samples


def record_of() -> RunRecord:
    """A run that the incident commander has asked for."""
    erin = contoso().person_by_mail("erin@contoso.com")
    assert erin is not None
    return samples.success().model_copy(update={"requester_id": erin.id})


def walked(stage: Stage, plan: Plan, mode: Mode, run_id: str) -> tuple[PreviewedStep, ...]:
    link = Connection(contoso().subscription_id, endpoint=stage.lab.connection.endpoint, preview=Preview())
    platform = contoso().platform
    telemetry = contoso().telemetry
    azure = Azure(
        link,
        mail_endpoint=platform.mail_endpoint,
        mail_sender=platform.mail_sender,
        workspace_id=telemetry.workspace_id if telemetry else None,
    )
    walk = Walk(run_id=run_id, mode=mode, now=stage.now, record=record_of(), steps=plan.steps)
    try:
        return preview(walk, stage.estate, azure, find)
    finally:
        link.close()


def test_every_plan_has_a_case() -> None:
    assert {name.split("/")[0] for name in CASES} == set(catalog())


@pytest.mark.parametrize("name", CASES)
def test_a_preview_lists_what_the_run_sends(stage: Stage, name: str) -> None:
    case = CASES[name]
    plan = case.prepare(stage)
    run_id = f"{plan.kind.value}-{plan.name}-20260101T000000-00c0ffee"
    stage.from_now()
    steps = walked(stage, plan, case.mode, run_id)
    assert stage.writes == []
    problems = {step.name: step.problem for step in steps if step.problem}
    assert problems.keys() == case.problems, problems
    carry_out(stage, plan, mode=case.mode, run_id=run_id, record=record_of())
    assert len(check_the_same(steps, stage.writes, case.only_then)) >= case.writes
