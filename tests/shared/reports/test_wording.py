import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.reports.wording import Clock, breakable, clean, duration, line


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.04, "0 s"),
        (13.9, "13.9 s"),
        (13.96, "14 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min"),
        (60, "1 min"),
        (417, "6 min 57 s"),
        (3599.6, "1 h"),
        (14400, "4 h"),
        (14420, "4 h 20 s"),
        (90061, "1 d 1 h 1 min 1 s"),
        (-65, "-1 min 5 s"),
        (math.inf, "unknown"),
        (math.nan, "unknown"),
    ],
)
def test_durations_read_as_people_say_them(seconds, words):
    assert duration(seconds) == words


@given(st.floats(min_value=60, max_value=1e7))
def test_a_duration_says_the_same_time(seconds):
    size = {"d": 86400, "h": 3600, "min": 60, "s": 1}
    words = duration(seconds).split()
    assert abs(sum(int(n) * size[u] for n, u in zip(words[::2], words[1::2], strict=True)) - seconds) <= 0.5


def test_text_is_cut_and_says_so():
    assert clean("x" * 1010) == "x" * 1000 + " … (10 characters more in the record)"
    assert line("a\nb\tc  d") == "a b c d"
    assert line("x" * 400, 10) == "x" * 9 + "…"


def test_controls_and_direction_overrides_are_dropped():
    assert clean("a\x00\x1b[31m\u202eb\ufffe\ud800c\r\nd") == "a[31mbc\nd"


@given(st.text())
def test_break_points_change_nothing_that_is_seen(text):
    assert breakable(text).replace("\u200b", "") == text.replace("\u200b", "")


def test_long_words_can_break_but_joined_signs_stay_whole():
    assert max(len(part) for part in breakable("x" * 500).split("\u200b")) <= 12
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    assert family in breakable("x" * 11 + family + "x" * 20)


def test_moments_are_local_with_utc_beside_them():
    clock = Clock.of("Asia/Tokyo", datetime(2026, 7, 14, 14, 59, 58, tzinfo=UTC))
    same, next_day = clock.moment(clock.first), clock.moment(datetime(2026, 7, 14, 15, 0, 1, tzinfo=UTC))
    assert (same.text, same.utc) == ("23:59:58", "2026-07-14 14:59:58 UTC")
    assert (next_day.text, next_day.iso) == ("15 Jul 00:00:01", "2026-07-14T15:00:01Z")
    assert clock.full(clock.first).text == "Tuesday 14 July 2026, 23:59:58"
    assert clock.dated(clock.first).text == "14 Jul 23:59"
    assert clock.name == "Asia/Tokyo (JST, UTC+09:00)"
    assert Clock.of("UTC", clock.first).name == "UTC"


def test_a_zone_without_a_name_of_its_own_shows_its_offset_once():
    assert (
        Clock.of("America/Sao_Paulo", datetime(2026, 7, 1, tzinfo=UTC)).name
        == "America/Sao_Paulo (UTC-03:00)"
    )
