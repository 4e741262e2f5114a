"""An incident ends the same when the app is killed in its midst, and when those whom it tells cannot be reached."""

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.incidents import APP, SPEED, Ward, closed, said, ward

pytestmark = pytest.mark.side_by_side
RULE = "SystemAvailabilityDrop"
TEN_MINUTES = 600 / SPEED
"""Real seconds."""


def told_once(here: Ward) -> None:
    """Everybody who was told has one mail of each kind, and there is one ticket, closed."""
    incident = here.incident(RULE, closed)
    told = {to for rung in incident["ladder"] if rung["told_at"] for to in rung["to"]}
    mails = here.until(lambda: (found := here.mails(incident)) and len(found) >= 2 * len(told) and found)
    assert {to for to, _ in mails} == told
    # Once for each incident, and under the same subject whenever one came back or its remediation did not help:
    # after so short a quiet time a rule's window may still hold the trouble.
    stories = [said(one) for one in here.incidents(RULE)]
    times = sum(1 + story.count("open again: ") + story.count(" did not help: ") for story in stories)
    assert max(mails.values()) <= times, (mails, stories)
    here.until(lambda: [one["closed"] for one in here.tickets(incident)] == [True])
    here.until(lambda: any("is over" in page for page in here.pages(incident)))
    pages = here.pages(incident)
    assert max(Counter(pages).values()) <= times, (pages, stories)
    assert any("fired" in page for page in pages)


def killed_in_its_midst(here: Ward) -> None:
    here.fault("endpoint_down", APP, cured_by="restart")
    for state in ("open", "mitigated"):
        here.incident(RULE, lambda one, state=state: one["state"] == state and bool(one["run_ids"]))
        here.machine.kill()
        here.machine.start()
    here.incident(RULE, closed, seconds=150)
    assert here.truth["faults"] == []
    restarts = [one for one in here.azure.ledger() if one["path"].endswith("/restart")]
    assert len(restarts) == 1
    told_once(here)


def nobody_can_be_reached_for_ten_minutes(here: Ward) -> None:
    down = [here.fault(kind, "*") for kind in ("ticket_system_down", "chat_down")]
    down.append(here.fault("error", "/emails:send", status=503))
    ends = time.monotonic() + TEN_MINUTES
    here.fault("endpoint_down", APP, cured_by="restart")
    incident = here.incident(RULE, lambda one: one["state"] == "mitigated")
    assert incident["ticket"] is None
    time.sleep(max(ends - time.monotonic(), 0.0))
    assert here.pages(incident) == here.tickets(incident) == []
    assert here.mails(incident) == {}
    for fault in down:
        here.mend(fault)
    here.incident(RULE, lambda one: closed(one) and one["ticket"] is not None, seconds=150)
    told_once(here)


CASES: list[Callable[[Ward], None]] = [killed_in_its_midst, nobody_can_be_reached_for_ten_minutes]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_it_ends_the_same(case: Callable[[Ward], None], tmp_path: Path) -> None:
    with ward(tmp_path) as here:
        case(here)
