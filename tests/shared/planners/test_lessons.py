"""What a run teaches is read from what happened, and hostile text stays text."""

from shared.model.readiness import PlanReadiness, Readiness
from shared.model.run import LogEntry, StepStatus
from shared.model.severity import Severity
from shared.planners.lessons import document, lessons
from tests.shared.reports import samples
from tests.shared.reports.samples import at, revised, step, success


def test_a_run_in_which_nothing_happened_teaches_nothing() -> None:
    record = revised(success(), steps=(step("a", 0, 10),), log=(), findings=())
    assert lessons(record, {"a": 100.0}) == ()
    assert "Nothing: every step succeeded at once and within its target." in document(
        record, (), {"a": 100.0}, time_zone="Asia/Tokyo"
    )


def test_retries_slow_steps_waits_and_failures_are_lessons() -> None:
    steps = (
        step("retried", 0, 10, attempts=3, error="429: too many requests"),
        step("slow", 0, 85),
        step("late", 0, 130),
        step("asked", 0, 10, failures=2),
        step("failed", 0, 10, status=StepStatus.FAILED, critical=False, error="no mail"),
    )
    found = lessons(revised(success(), steps=steps), dict.fromkeys(("slow", "late"), 100.0))
    assert [(one.severity, one.title) for one in found] == [
        (Severity.LOW, "retried needed 3 attempts: 429: too many requests"),
        (Severity.MEDIUM, "slow took 1 min 25 s of the 1 min 40 s that it may take"),
        (Severity.HIGH, "late took 2 min 10 s of the 1 min 40 s that it may take"),
        (Severity.MEDIUM, "asked waited for an operator 2 times"),
        (Severity.MEDIUM, "failed failed: no mail"),
    ]
    assert all(one.recommendation for one in found)


def test_a_recovery_time_that_was_missed_or_never_measured_is_the_first_lesson() -> None:
    record = success()
    late = record.rto.model_copy(update={"target_seconds": 100.0, "measured_seconds": 120.0})
    (found,) = lessons(revised(record, rto=late, steps=()), {})
    assert found.title == "recovery took 2 min 0 s of the 1 min 40 s that are the objective"
    never = record.rto.model_copy(update={"measured_seconds": None})
    assert "no recovery time was measured" in lessons(revised(record, rto=never, steps=()), {})[0].title


def test_the_document_tells_who_and_what_and_what_to_do() -> None:
    record = samples.troubled()
    text = document(record, lessons(record, {}), {}, time_zone="Asia/Tokyo")
    for told in (record.run_id, record.requested_by, *(one.approver for one in record.approvals)):
        assert told in text
    assert all(f"| `{one.name}` | {one.status} |" in text for one in record.steps)


def test_hostile_text_stays_on_its_line() -> None:
    log = (LogEntry(at=at(0), what="x | y\n# forged\n<script>`", who="eve"),)
    text = document(revised(success(), log=log), (), {}, time_zone="UTC")
    assert "\n# forged" not in text
    assert "<script>" not in text


def foretold(verdict: str, *reasons: str) -> Readiness:
    plans = [
        PlanReadiness(plan=name, kind="recovery", verdict=verdict, score=70, reasons=reasons)
        for name in ("region_outage", "blob_data_recovery")
    ]
    return Readiness(checked_at=at(0), plans=tuple(plans)).of(("region_outage",))


def test_a_check_that_said_otherwise_than_what_happened_is_a_lesson() -> None:
    well = revised(success(), steps=(step("a", 0, 10),))
    asked = revised(success(), steps=(step("a", 0, 10, failures=1),))
    for record, verdict in ((well, "ready"), (well, "at_risk"), (asked, "at_risk"), (asked, "not_ready")):
        assert lessons(record, {}, foretold(verdict)) == lessons(record, {})
    (found,) = lessons(well, {}, foretold("not_ready", "no quota"))
    assert found.title == "region_outage was called not ready (no quota), and nothing failed"
    assert lessons(asked, {}, foretold("ready"))[-1].title == "region_outage was called ready, and a failed"


def test_what_the_check_had_said_stands_in_the_document() -> None:
    text = document(success(), (), {}, foretold("at_risk", "tenant-signing-key <b>"), time_zone="Asia/Tokyo")
    assert "- `region_outage`: 70 of 100, at risk: tenant-signing-key &lt;b>" in text
    assert "blob_data_recovery" not in text
    assert "readiness check" not in document(success(), (), {}, time_zone="Asia/Tokyo")
