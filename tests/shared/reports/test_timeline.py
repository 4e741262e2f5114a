import pytest

from shared.model.run import LogEntry, Objective, RunRecord
from shared.reports.timeline import Row, Timeline, critical_path, newest, timeline
from shared.reports.timeline_svg import COLOURS, tick_seconds, timeline_svg
from tests.shared.reports import samples
from tests.shared.reports.reading import drawing, shapes, texts
from tests.shared.reports.samples import at, revised, step, success


def row(chart: Timeline, label: str) -> Row:
    return next(r for r in chart.rows if r.label == label)


def test_bars_stand_where_the_steps_were():
    chart = timeline(success())
    assert chart.origin == samples.T0
    bar = row(chart, "failover_cosmos_db").bars[0]
    assert (bar.start, bar.end, bar.state) == (109, 291, "succeeded")
    assert row(chart, "Out of service").bars[0].end == 432
    assert chart.target == 14400


def test_the_critical_path_follows_the_latest_need():
    path = critical_path(success(), at(436))
    assert path == ("check_recovery_region", "rebuild_search_index", "switch_traffic", "validate_service")
    assert [r.label for r in timeline(success()).rows if r.critical] == list(path)


def test_a_cycle_of_needs_ends():
    record = success(steps=(step("a", 1, 2, ("b",)), step("b", 2, 3, ("a",))))
    assert critical_path(record, at(3)) == ("a", "b")


def test_approval_lasts_until_enough_agreed():
    bar = row(timeline(success()), "Waiting for approval").bars[0]
    assert (bar.start, bar.end, bar.state) == (20, 94, "waiting_for_approval")


def test_a_rejection_ends_the_wait():
    chart = timeline(samples.rejected())
    waited = row(chart, "Waiting for approval")
    assert (waited.bars[0].end, waited.text) == (260, "rejected after 4 min")
    assert row(chart, "Out of service").text == "not restored"


def test_break_glass_ends_the_wait_when_the_first_step_begins():
    chart = timeline(revised(success(), approvals=success().approvals[:1]))
    assert row(chart, "Waiting for approval").bars[0].end == 95


def test_waiting_for_an_operator_is_read_from_the_log():
    bars = row(timeline(samples.troubled()), "rebuild_search_index").bars
    assert [(b.start, b.end, b.state) for b in bars] == [
        (109, 240, "failed"),
        (240, 320, "waiting_for_operator"),
        (320, 470, "failed"),
        (470, 600, "waiting_for_operator"),
    ]


def test_a_step_that_waits_without_a_log_is_drawn_as_waiting():
    record = revised(samples.awaiting_operator(), log=())
    assert row(timeline(record), "rebuild_search_index").bars[-1].state == "waiting_for_operator"


def test_a_name_inside_another_is_no_mention():
    entry = LogEntry(at=at(50), what="rebuild_search_index_twice was ignored", who="bob")
    assert not row(timeline(revised(success(), log=(entry,))), "rebuild_search_index").marks


def test_an_unfinished_run_reaches_to_now():
    chart = timeline(samples.running(), now=at(900))
    assert row(chart, "rebuild_search_index").bars[0].end == 900
    assert row(chart, "validate_service").bars == ()
    assert newest(samples.running()) == at(293)


def test_an_outage_noticed_days_late_does_not_squeeze_the_run():
    late = success(rto=Objective(basis="operator", started_at=at(-300000), target_seconds=14400))
    chart = timeline(late)
    assert chart.span < 1000
    assert not chart.zero_is_outage
    assert "had passed" in " ".join(texts(drawing(timeline_svg(late))))


def test_the_speed_brings_the_target_nearer():
    assert timeline(samples.drill(), speed=30).target == 480


def test_maintenance_times_no_outage():
    assert [r.label for r in timeline(samples.maintenance()).rows] == [
        "check_certificate_expiry",
        "rotate_keys",
    ]


@pytest.mark.parametrize("span", [0.1, 0.7, 3, 59, 61, 3000, 90000, 1e7, 1e9])
def test_ticks_are_few_but_some(span):
    assert 1 <= span / tick_seconds(span) <= 6


def test_the_drawing_says_every_status_in_words_and_marks_the_target():
    root = drawing(timeline_svg(samples.troubled(), time_zone="Asia/Tokyo"))
    said = texts(root)
    assert "skipped, 8 min 11 s, 6 tries" in said
    assert "failed, 12 s, 3 tries" in said
    assert "target 10 min" in said
    assert "Times in Asia/Tokyo (JST, UTC+09:00)" in said
    assert {"critical path", "waiting for operator", "decision"} <= set(said)
    assert root.find("{*}title").text == "Timeline of Recover contoso from the loss of japaneast"
    assert "rebuild_search_index: skipped" in root.find("{*}desc").text
    critical = [node for node in shapes(root, "path") if "critical" in node.get("class", "")]
    assert len(critical) == 3


def test_a_far_target_is_pointed_at():
    said = texts(drawing(timeline_svg(success())))
    assert "target 4 h lies further right →" in said


@pytest.mark.parametrize("record", samples.SAMPLES.values(), ids=samples.SAMPLES.keys())
def test_nothing_leaves_the_paper(record: RunRecord):
    root = drawing(timeline_svg(record))
    width, height = (float(v) for v in root.get("viewBox").split()[2:])
    assert len(shapes(root, "rect")) > 1
    for node in shapes(root, "rect"):
        assert float(node.get("x", 0)) >= 0
        assert float(node.get("x", 0)) + float(node.get("width")) <= width
        assert float(node.get("y", 0)) + float(node.get("height")) <= height
    for node in shapes(root, "text"):
        end = len(node.text or "") * float(node.get("font-size")) * 0.5
        if node.get("text-anchor") is None:
            assert float(node.get("x")) + end <= width


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("state", COLOURS)
def test_colours_stand_out_from_paper(state):
    assert 1.05 / (_luminance(COLOURS[state]) + 0.05) >= 4.5
