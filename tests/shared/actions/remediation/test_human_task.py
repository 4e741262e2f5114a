"""People are asked once, and the run goes on when their evidence is there."""

from shared.actions.remediation.human_task import human_task
from shared.model.plan import Mode, Step
from tests.shared.actions.changes_once import ChangesOnce, Scenario, contoso
from tests.shared.actions.stage import RUN_ID, Stage

EVIDENCE = "foundry-ops-evidence"
ACCOUNT = contoso().platform.records_account_url


def ask() -> Step:
    return human_task.step(
        name="investigate",
        task="find the root cause",
        to=("security-team@contoso.com",),
        container=EVIDENCE,
        evidence="the findings",
    )


def answer(stage: Stage, step: str = "investigate", run_id: str = RUN_ID) -> None:
    name = f"{run_id}/{step}/findings.md"
    stage.azure.blobs.write(ACCOUNT, EVIDENCE, name, b"it was the printer", "text/markdown")


def asked_once(stage: Stage) -> None:
    (mail,) = stage.truth["mails"]
    assert mail["to"] == ["security-team@contoso.com"]


class TestATask(ChangesOnce):
    scenario = Scenario(step=ask, prepare=answer, reached=asked_once)


def test_it_waits_ever_longer_until_evidence_is_there(stage: Stage) -> None:
    advance, waits = stage.lab.advance, []

    def later(seconds: float) -> None:
        waits.append(seconds)
        advance(seconds)
        if len(waits) == 12:
            answer(stage)

    stage.lab.advance = later
    done = stage.carry_out(ask(), mode=Mode.REAL)
    assert waits[1:4] == [30, 30, 30]
    assert "waiting for evidence in foundry-ops-evidence/" in done.summaries[3]
    assert done.outcome.summary == "done, with 1 pieces of evidence: find the root cause"
    (digest,) = done.outcome.evidence["files"].values()
    assert len(digest) == 64
    asked_once(stage)
