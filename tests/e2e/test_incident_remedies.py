"""What goes wrong is seen by an alert rule, and is cured, or goes to people with all that was tried."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.incidents import APP, Ward, closed, said, ward

pytestmark = pytest.mark.side_by_side
RULE = "SystemAvailabilityDrop"


def served(here: Ward) -> bool:
    traffic = here.truth["traffic"].values()
    return all(tenant["healthy"] for service in traffic for tenant in service["tenants"].values())


def what_a_restart_cures(here: Ward) -> None:
    here.fault("endpoint_down", APP, cured_by="restart")
    incident = here.incident(RULE, closed)
    assert incident["closed_by"] == "system"
    assert here.truth["faults"] == []
    assert served(here)
    assert incident["acknowledged_at"] is None
    told = {to for rung in incident["ladder"] for to in rung["to"]}
    assert {"architect@contoso.com", "management@contoso.com"} < told
    mails = here.until(lambda: (found := here.mails(incident)) and len(found) == 2 * len(told) and found)
    assert set(mails.values()) == {1}, (
        "one mail when it opened and one when it closed for everybody, and no other"
    )
    here.until(lambda: [one["closed"] for one in here.tickets(incident)] == [True])
    here.until(lambda: here.pages(incident))
    restarts = [one for one in here.azure.ledger() if one["path"].endswith("/restart")]
    assert len(restarts) == 1, "however many alerts and incidents one cause has"


def what_only_more_replicas_cure(here: Ward) -> None:
    here.fault("endpoint_down", APP, cured_by="scale")
    here.until(lambda: here.truth["faults"] == [], seconds=150)
    here.until(lambda: served(here))
    incident = here.incident(RULE, closed, seconds=150)

    def tried(start: str) -> list[str]:
        """Steps of any incident's run: the one that cured it may end after those that only saw that it did."""
        return [one for each in here.incidents() for one in each["tried"] if one.startswith(start)]

    assert here.until(lambda: tried("scale_up_resources: succeeded"))
    assert any("did not help" in one for one in tried("restart_service: failed"))
    assert incident["remediation"] == "helped"


def what_nothing_cures(here: Ward) -> None:
    here.fault("slow_responses", "contoso", cured_by="nothing")
    incident = here.incident(
        "ResponseTimeDegradation", lambda one: one["remediation"] == "did_not_help", seconds=60
    )
    tried = [one.partition(":")[0] for one in incident["tried"]]
    assert tried == ["scale_up_resources", "restart_service"]
    # Medium: L1 has four hours, and then others; what was tried in vain does not wait for that.
    told = here.until(
        lambda: (
            [rung for rung in here.incident("ResponseTimeDegradation", bool)["ladder"] if rung["told_at"]]
        )[1:]
    )
    assert told
    # The ticket says what was tried, for whoever takes it.
    here.until(lambda: "scale_up_resources" in str(here.tickets(incident)[0]["notes"]))
    assert here.incident("ResponseTimeDegradation", bool)["state"] == "open"
    here.decide(incident, "resolve")
    here.incident("ResponseTimeDegradation", closed)


def a_region_that_is_out(here: Ward) -> None:
    here.fault("region_outage", "japaneast")
    incident = here.incident(RULE, lambda one: bool(one["plan"]), seconds=150)
    assert (incident["plan"], incident["remediation"], incident["run_ids"]) == (
        "region_outage",
        "offered",
        [],
    )
    assert "region_outage is offered instead" in said(incident)
    runs = here.machine.call("GET", "/api/runs").json()["runs"]
    assert [run["run_id"] for run in runs if run["run_id"].startswith("remediation-system")] == []


CASES: list[Callable[[Ward], None]] = [
    what_a_restart_cures,
    what_only_more_replicas_cure,
    what_nothing_cures,
    a_region_that_is_out,
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_a_trouble_is_seen_and_answered(case: Callable[[Ward], None], tmp_path: Path) -> None:
    with ward(tmp_path) as here:
        case(here)
