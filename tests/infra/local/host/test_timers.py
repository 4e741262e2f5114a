"""Timer triggers: when, how often, and what after a downtime; and their schedules by themselves."""

import itertools
import json
import sqlite3
import time
from datetime import UTC, datetime, timedelta

import pytest

from infra.local.host import schedules
from tests.infra.local.host.conftest import StartHost
from tests.infra.local.host.process import APPS, MASTER, HostProcess, eventually


def notes(host: HostProcess, name: str) -> list[dict]:
    path = host.folder / name
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_timers_run_when_due_and_never_twice_at_once(start_host: StartHost):
    host = start_host(APPS / "web")
    eventually(lambda: len(notes(host, "every_second")), lambda count: count >= 3)
    ticks = [each["at"] for each in notes(host, "every_second")]
    assert all(0 <= at % 1 < 0.3 for at in ticks), "cron is due on the full second"
    assert len({round(at - at % 1) for at in ticks}) == len(ticks)
    assert [each["past_due"] for each in notes(host, "on_startup")] == [False]
    assert len(notes(host, "by_span")) >= 2
    assert notes(host, "yearly") == []
    for _ in range(2):  # nor when someone runs it by hand
        answer = host.client.post("/admin/functions/slower_than_its_schedule", headers=MASTER, json={})
        assert answer.status_code == 202
    eventually(lambda: len(notes(host, "slower-ended")), lambda count: count >= 4)
    began = [each["at"] for each in notes(host, "slower-began")]
    assert all(later - earlier >= 1.3 for earlier, later in itertools.pairwise(began))


def test_a_timer_missed_while_the_host_was_down_runs_once_and_knows_it(start_host: StartHost):
    host = start_host(APPS / "web")
    eventually(lambda: len(notes(host, "on_startup")), lambda count: count == 1)
    eventually(lambda: _stored(host), lambda names: "yearly" in names)
    host.kill()
    # As if the host had last been there more than a year ago.
    db = sqlite3.connect(host.state)
    db.execute("UPDATE schedules SET next = ? WHERE name = 'yearly'", (time.time() - 40 * 86400,))
    db.commit()
    db.close()
    host.start()
    eventually(lambda: len(notes(host, "yearly")), lambda count: count == 1)
    assert notes(host, "yearly")[0]["past_due"] is True
    eventually(lambda: len(notes(host, "on_startup")), lambda count: count == 2)
    host.kill()
    host.start()
    eventually(lambda: len(notes(host, "on_startup")), lambda count: count == 3)
    assert len(notes(host, "yearly")) == 1


def _stored(host: HostProcess) -> set[str]:
    db = sqlite3.connect(host.state)
    names = {name for (name,) in db.execute("SELECT name FROM schedules")}
    db.close()
    return names


@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        ("0 */5 * * * *", "2026-01-01T00:00:00", "2026-01-01T00:05:00"),
        ("*/5 * * * *", "2026-01-01T00:04:59.5", "2026-01-01T00:05:00"),
        ("30 0 9 * * MON-FRI", "2026-01-03T00:00:00", "2026-01-05T09:00:30"),
        ("0 0 0 1 JAN *", "2026-01-01T00:00:00", "2027-01-01T00:00:00"),
        ("1.02:00:00", "2026-01-01T00:00:00", "2026-01-02T02:00:00"),
        ("00:30:00", "2026-01-01T00:00:10", "2026-01-01T00:30:10"),
    ],
)
def test_schedules(expression: str, after: str, expected: str):
    found = schedules.parse(expression).after(datetime.fromisoformat(after).replace(tzinfo=UTC))
    assert found == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize("expression", ["", "* * *", "99 * * * * *", "00:00:00", "every day"])
def test_what_is_no_schedule_is_refused(expression: str):
    with pytest.raises(schedules.ScheduleInvalid):
        schedules.parse(expression)


def test_a_schedule_is_always_later():
    moment = datetime(2026, 3, 29, 0, 59, 59, 999999, tzinfo=UTC)
    for expression in ("* * * * * *", "0 0 1 * * *", "00:00:01"):
        assert schedules.parse(expression).after(moment) > moment
        assert schedules.parse(expression).after(moment) - moment <= timedelta(days=1)
