"""The drawings of a month say what its tables say, and nothing that is not so."""

from datetime import UTC, date, datetime
from xml.etree.ElementTree import Element

import pytest

from shared.model.monthly import Day, MonthlyReport, ReadinessPoint
from shared.planners.monthly import bounds
from shared.reports.monthly.availability_svg import availability_svg
from shared.reports.monthly.costs_svg import costs_svg
from shared.reports.monthly.days import Days
from shared.reports.monthly.readiness_svg import readiness_svg
from tests.shared.reports import monthly_samples as samples
from tests.shared.reports.reading import drawing, shapes, texts

SVG = "{http://www.w3.org/2000/svg}"


def of_class(root: Element, name: str) -> list[Element]:
    return [one for one in shapes(root, "rect") if one.get("class") == name]


def hanging(root: Element, name: str) -> list[float]:
    """How long the bars under the strip of days are."""
    return [float(one.get("height", "0")) for one in of_class(root, name) if float(one.get("y", "0")) >= 40]


def strip(root: Element, name: str) -> int:
    return sum(float(one.get("y", "0")) < 40 for one in of_class(root, name))


def titles(root: Element) -> list[str]:
    return [node.text or "" for node in shapes(root, "title")]


def test_every_day_is_green_red_or_empty():
    drawn = drawing(availability_svg(samples.bad()))
    assert (strip(drawn, "bar met"), strip(drawn, "bar missed")) == (23, 5)
    assert [text for text in titles(drawn) if "no requests" in text] == [
        "Sun 4 Oct: no requests",
        "Sun 11 Oct: no requests",
        "Sun 18 Oct: no requests",
    ]
    assert "Wed 14 Oct: 92.85 % of 41,300 requests answered" in titles(drawn)
    assert "99.9 %" in texts(drawn)
    assert "100 %" in texts(drawn)


def test_a_day_that_failed_twice_as_much_hangs_twice_as_low():
    month = samples.report(
        days=samples.days({n: 41 * n for n in range(1, 4)} | dict.fromkeys(range(4, 32), 0), asked=100_000)
    )
    even = month.model_copy(
        update={
            "days": tuple(Day(day=one.day, requests=100_000, failed=one.failed) for one in month.days or ())
        }
    )
    first, second, third = hanging(drawing(availability_svg(even)), "bar met") + hanging(
        drawing(availability_svg(even)), "bar missed"
    )
    assert second == pytest.approx(2 * first, rel=0.01)
    assert third == pytest.approx(3 * first, rel=0.01)


def test_one_dark_day_does_not_flatten_the_others_and_is_marked_as_cut():
    drawn = drawing(availability_svg(samples.bad()))
    lengths = hanging(drawn, "bar missed")
    assert len(lengths) == 5
    assert max(lengths) == pytest.approx(160)
    assert min(lengths) > 15
    assert len([one for one in shapes(drawn, "path") if one.get("class") == "gap"]) == 1
    assert "92.85" in texts(drawn)
    assert not [
        one for one in shapes(drawing(availability_svg(samples.good())), "path") if one.get("class") == "gap"
    ]


def test_days_to_come_are_named_but_not_drawn():
    drawn = drawing(availability_svg(samples.so_far()))
    assert strip(drawn, "bar met") == 16
    assert sum("still to come" in text for text in titles(drawn)) == 15
    assert strip(drawn, "grid") == 0
    assert strip(drawing(availability_svg(samples.bad())), "grid") == 3
    assert not any("no requests" in text for text in titles(drawn))
    assert "31" in texts(drawn)


def test_the_words_for_those_who_do_not_see_it_name_the_bad_days():
    (said,) = shapes(drawing(availability_svg(samples.bad())), "desc")
    assert (said.text or "").startswith("23 of 28 days with requests met the target of 99.9 %.")
    assert "Thu 15 Oct 99.49 %" in (said.text or "")


@pytest.mark.parametrize(
    ("month", "zone", "last"),
    [
        ("2026-02", "Asia/Tokyo", 28),
        ("2028-02", "America/New_York", 29),
        ("2026-03", "America/New_York", 31),
        ("2026-11", "America/New_York", 30),
        ("2026-12", "Pacific/Apia", 31),
    ],
)
def test_a_month_has_its_days_in_any_time_zone(month: str, zone: str, last: int):
    since, until = bounds(month, zone)
    report = samples.report(month=month, time_zone=zone, since=since, until=until)
    days = Days.of(report, 0).days
    year, number = (int(part) for part in month.split("-"))
    assert (days[0], days[-1]) == (date(year, number, 1), date(year, number, last))


def test_what_is_missing_of_a_score_is_drawn_on_top_of_it():
    drawn = drawing(readiness_svg(samples.bad()))
    held, short = of_class(drawn, "bar held"), of_class(drawn, "bar short")
    assert len(held) == 9 * 30
    assert len(short) == 15 + 30
    heights = sorted({float(one.get("height", "0")) for one in short})
    assert heights == pytest.approx([23 * 0.2, 23 * 0.3, 23 * 0.7])
    assert "region_outage: 100 at first, 30 at last, 30 at worst." in titles(drawn)
    assert (
        texts(drawn).index("region_outage")
        < texts(drawn).index("ransomware")
        < texts(drawn).index("model_outage")
    )


def test_a_check_outside_the_month_is_not_drawn():
    early = ReadinessPoint(checked_at=datetime(2026, 9, 30, 14, tzinfo=UTC), scores={"region_outage": 10})
    first = ReadinessPoint(checked_at=datetime(2026, 9, 30, 16, tzinfo=UTC), scores={"region_outage": 90})
    drawn = drawing(readiness_svg(samples.report(trend=(early, first))))
    assert "Thu 1 Oct: 90 of 100" in titles(drawn)
    assert len(of_class(drawn, "bar held")) == 1


def test_costs_are_drawn_from_zero_and_the_rest_is_one_bar():
    drawn = drawing(costs_svg(samples.big()))
    bars = of_class(drawn, "bar spend")
    assert len(bars) == 10
    assert "31 others" in texts(drawn)
    widths = [float(one.get("width", "0")) for one in bars]
    assert widths[0] == pytest.approx(2 * widths[1], rel=0.01)


@pytest.mark.parametrize("month", [samples.hostile(["</svg><script>"]), samples.hostile([""]), samples.bad()])
def test_drawings_are_xml_within_their_bounds(month: MonthlyReport):
    for svg in (availability_svg(month), readiness_svg(month), costs_svg(month)):
        root = drawing(svg)
        assert "<script" not in svg
        wide, high = float(root.get("width", "0")), float(root.get("height", "0"))
        for one in shapes(root, "rect"):
            assert (
                -0.01
                <= float(one.get("x", "0"))
                <= float(one.get("x", "0")) + float(one.get("width", "0"))
                <= wide + 0.01
            )
            assert float(one.get("y", "0")) + float(one.get("height", "0")) <= high + 0.01
