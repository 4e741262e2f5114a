"""What is left to do for a data lake, from what it still keeps: pure, so every odd case is a line."""

from datetime import UTC, datetime, timedelta

from shared.gateways.data_lake import DeletedFile, LakeFile
from shared.planners.lake_restore import Left, what_is_left

T = datetime(2026, 3, 1, 12, 0, 0, 500_000, tzinfo=UTC)
OLD = T - timedelta(days=30)
BEFORE, AFTER = T - timedelta(hours=1), T + timedelta(hours=1)
NIGHT = "2026-03-01T01:00:00.0000000Z"
LATE = "2026-03-01T13:00:00.0000000Z"


def file(
    name: str = "a", created: datetime = OLD, written: datetime = BEFORE, mark: str = "", *snapshots: str
) -> LakeFile:
    return LakeFile(name, created, written, mark, snapshots)


def gone(
    name: str = "a", deleted: datetime = AFTER, created: datetime = OLD, number: str = "1"
) -> DeletedFile:
    return DeletedFile(name, number, created, created, deleted)


def test_what_nobody_touched_is_left_alone() -> None:
    assert what_is_left([file()], [], T) == Left()


def test_what_was_deleted_since_comes_back_and_nothing_else_does() -> None:
    earlier, later = (
        gone("old", deleted=BEFORE),
        gone("new", created=AFTER, deleted=AFTER + timedelta(hours=1)),
    )
    left = what_is_left([], [gone(), earlier, later], T)
    assert [one.name for one in left.undelete] == ["a"]
    assert left.count == 1


def test_of_several_deletions_the_first_since_then_is_what_stood_there() -> None:
    first, second = gone(number="1"), gone(deleted=AFTER + timedelta(minutes=5), number="2")
    assert what_is_left([], [second, first], T).undelete == (first,)


def test_what_is_back_is_done() -> None:
    assert what_is_left([file()], [gone()], T) == Left()


def test_a_name_that_was_written_anew_is_left_to_people() -> None:
    left = what_is_left([file(created=AFTER, written=AFTER)], [gone()], T)
    assert left.count == 0
    assert left.beyond == (("a", "was deleted and written anew: move the new one away, then retry"),)


def test_what_was_overwritten_comes_from_the_newest_snapshot_before() -> None:
    spoilt = file("a", OLD, AFTER, "", "2026-02-28T01:00:00.0000000Z", NIGHT, LATE)
    assert what_is_left([spoilt], [], T).take_back == ((spoilt, NIGHT),)
    assert what_is_left([file("a", OLD, AFTER, NIGHT, NIGHT, LATE)], [], T) == Left()


def test_without_a_snapshot_from_before_nobody_can_take_it_back() -> None:
    left = what_is_left([file("a", OLD, AFTER, "", LATE)], [], T)
    assert left.beyond[0][1].startswith("was overwritten and has no snapshot from before")


def test_what_came_since_is_told_and_stays() -> None:
    assert what_is_left([file(created=AFTER, written=AFTER)], [], T) == Left(newer=("a",))


def test_the_moment_s_own_second_counts_as_damage() -> None:
    second = T.replace(microsecond=0)
    assert what_is_left([], [gone(deleted=second)], T).count == 1
    assert what_is_left([file("a", OLD, second, "", NIGHT)], [], T).count == 1


def test_only_what_begins_so_is_looked_at() -> None:
    left = what_is_left([file("x/b", OLD, AFTER)], [gone("x/a"), gone("y/a")], T, "x/")
    assert [one.name for one in left.undelete] == ["x/a"]
    assert [name for name, _ in left.beyond] == ["x/b"]
