"""An app whose clock has stopped says so where somebody outside looks."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orchestrations import heartbeat
from tests.orchestrations.machine import Machine

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Kept:
    """A client that knows one entity's state."""

    def __init__(self, last: datetime | None) -> None:
        self.last = last

    def get_entity(self, _entity: Any) -> Any:
        return self if self.last is not None else None

    def get_typed_state(self, _kind: type) -> float:
        assert self.last is not None
        return self.last.timestamp()


@pytest.mark.parametrize(
    ("last", "began", "late"),
    [
        (timedelta(minutes=1), timedelta(days=1), False),
        (timedelta(minutes=11), timedelta(days=1), True),
        (timedelta(days=1), timedelta(minutes=1), False),
        (None, timedelta(minutes=9), False),
        (None, timedelta(minutes=11), True),
    ],
)
def test_late_is_ten_minutes_without_a_tick(
    monkeypatch: pytest.MonkeyPatch, last: timedelta | None, began: timedelta, *, late: bool
) -> None:
    monkeypatch.setattr(heartbeat, "_began", NOON - began)
    client: Any = Kept(NOON - last if last is not None else None)
    assert (heartbeat.late_by(client, NOON) is not None) is late


def test_the_clock_beats_and_health_hears_it(machine: Machine) -> None:
    assert machine.call("GET", "health", None).json() == {"status": "ok"}
