"""The lessons are kept as evidence, the same again when it is asked for again."""

from zoneinfo import ZoneInfo

from shared.actions.readiness.check_readiness import check_readiness
from shared.actions.readiness.document_lessons_learned import document_lessons_learned
from shared.model.plan import Mode, Step
from shared.plans.readiness import plans_to_check
from tests.shared.actions.changes_once import contoso, refused
from tests.shared.actions.stage import RUN_ID, Stage
from tests.shared.reports.samples import revised, step, success


def learn() -> Step:
    return document_lessons_learned.step(targets={"failover_cosmos_db": 5.0})


def kept(stage: Stage) -> str:
    where = ("https://stfasops.blob.core.windows.net", "foundry-ops-records", f"{RUN_ID}/lessons-learned.md")
    content = stage.azure.blobs.read(*where)
    assert content is not None
    return content.decode()


def test_each_lesson_is_a_finding_and_stands_in_the_document(stage: Stage) -> None:
    record = revised(success(), steps=(step("failover_cosmos_db", 0, 60, attempts=2),))
    done = stage.carry_out(learn(), mode=Mode.DRILL, record=record)
    titles = [found.title for found in done.outcome.findings]
    assert titles[-2:] == [
        "failover_cosmos_db needed 2 attempts",
        "failover_cosmos_db took 1 min 0 s of the 5 s that it may take",
    ]
    text = kept(stage)
    assert all(title in text for title in titles)
    stage.from_now()
    stage.carry_out(learn(), mode=Mode.DRILL, record=record)
    assert kept(stage) == text
    assert stage.writes == []


def test_it_does_not_tell_of_itself(stage: Stage) -> None:
    own = step("document_lessons_learned", 0, 1, attempts=5)
    stage.carry_out(learn(), mode=Mode.DRILL, record=revised(success(), steps=(own,)))
    assert "`document_lessons_learned`" not in kept(stage)


def test_what_the_daily_check_had_said_stands_beside_what_happened(stage: Stage) -> None:
    tested = document_lessons_learned.step(tested=("region_outage",))
    stage.carry_out(tested, mode=Mode.DRILL, record=success())
    assert "readiness check" not in kept(stage), "there was none"
    stage.carry_out(check_readiness.step(plans=plans_to_check(contoso())))
    stage.carry_out(tested, mode=Mode.DRILL, record=success())
    text = kept(stage)
    assert f"## What the readiness check of {stage.now.astimezone(ZoneInfo('Asia/Tokyo')):%Y-%m-%d}" in text
    assert "- `region_outage`: " in text
    assert "tenant-signing-key" in text
    assert "`dr_drill`" not in text


def test_without_a_record_there_is_nothing_to_learn_from(stage: Stage) -> None:
    refused(stage, learn(), "there is no record to learn from", mode=Mode.DRILL)
