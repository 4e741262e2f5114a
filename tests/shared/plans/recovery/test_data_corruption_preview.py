"""What a preview of the recovery from corruption lists, beside what the run then sends."""

import pytest

from shared.actions.catalog import find
from shared.actions.preview import Walk, preview
from shared.gateways.azure import Azure
from shared.gateways.connection import Connection
from shared.gateways.preview import Preview
from shared.model.plan import Mode, Plan
from shared.plans.planning import PlanRequest
from shared.plans.recovery.data_corruption import Parameters, data_corruption
from tests.shared.actions.corruption.scene import corrupted
from tests.shared.actions.corruption.test_restore_from_backup import GOOD_AT
from tests.shared.actions.stage import RUN_ID, Stage, contoso
from tests.shared.plans.walk import carry_out
from tests.shared.reports import samples


def walked(stage: Stage, plan: Plan) -> list:
    link = Connection(contoso().subscription_id, endpoint=stage.lab.connection.endpoint, preview=Preview())
    platform = contoso().platform
    azure = Azure(link, mail_endpoint=platform.mail_endpoint, mail_sender=platform.mail_sender)
    walk = Walk(run_id=RUN_ID, mode=Mode.REAL, now=stage.now, record=samples.success(), steps=plan.steps)
    try:
        return list(preview(walk, stage.estate, azure, find))
    finally:
        link.http.close()
        link.transport.session.close()


# A second connection beside the stage's own leaves two of its sockets to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_preview_lists_what_the_run_sends(stage: Stage) -> None:
    corrupted(stage, secrets=["search-api-key"])
    plan = data_corruption(contoso(), PlanRequest(mode=Mode.REAL), Parameters(good_at=GOOD_AT))
    stage.from_now()
    steps = walked(stage, plan)
    assert stage.writes == []
    problems = {step.name: step.problem for step in steps if step.problem}
    # Files and secrets are not restored while nothing is sent, and tenants are served by nobody then.
    assert set(problems) <= {"validate_data_integrity_agent_files", "validate_services"}, problems
    listed = {
        (write.method, write.url.split("?")[0].replace("{{run_id}}", RUN_ID).lower())
        for step in steps
        for write in step.writes
    }
    stage.from_now()
    carry_out(stage, plan, mode=Mode.REAL)
    sent = {
        (entry["method"], f"https://{entry['host']}{entry['path']}".lower())
        for entry in stage.writes
        if entry["applied"] and not entry["path"].endswith(("/docs", "emails:send"))
    }
    missing = {one for one in sent - listed if "restype=container" not in one[1]}
    assert missing == {("PUT", "https://stfasops.blob.core.windows.net/foundry-ops-records")} & missing
    extra = {one for one in listed - sent if "emails:send" not in one[1]}
    assert extra == set()
