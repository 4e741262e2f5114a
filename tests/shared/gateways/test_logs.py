"""Questions to Log Analytics through the real client: what is logged, what is refused, what is only a part."""

from datetime import datetime, timedelta

import pytest

from shared.errors import AzureCallFailed, EstateInvalid
from shared.gateways.logs import Logs
from tests.shared.actions.stage import Stage

FIVE = timedelta(minutes=5)


def lately(stage: Stage) -> tuple[datetime, datetime]:
    return stage.now - FIVE, stage.now


def test_every_tenants_requests_are_counted_by_what_a_row_stands_for(stage: Stage) -> None:
    stage.lab.advance(600)
    rows = stage.azure.logs.query("error_rate", *lately(stage))
    assert {row["tenant"]: row["requests"] for row in rows} == {"contoso": 1500, "fabrikam": 1500}
    assert all(row["error_rate"] == 0 for row in rows)


def test_half_open_windows_count_every_second_once(stage: Stage) -> None:
    stage.lab.advance(900)
    end = stage.now.replace(second=0) - timedelta(minutes=1)
    whole = stage.azure.logs.query("error_rate", end - 2 * FIVE, end, tenant="contoso")
    halves = [
        stage.azure.logs.query("error_rate", end - 2 * FIVE, end - FIVE, tenant="contoso"),
        stage.azure.logs.query("error_rate", end - FIVE, end, tenant="contoso"),
    ]
    assert whole[0]["requests"] == sum(half[0]["requests"] for half in halves) == 3000


def test_what_fails_on_our_side_shows_as_the_tenants_error_rate(stage: Stage) -> None:
    stage.lab.advance(300)
    stage.lab.fault("error", "/tenants/fabrikam/", status=500)
    stage.lab.advance(150)
    rows = {row["tenant"]: row for row in stage.azure.logs.query("error_rate", *lately(stage))}
    assert rows["contoso"]["error_rate"] == 0
    assert 45 < rows["fabrikam"]["error_rate"] < 55
    # The second in which the fault came had been served; the one that has just begun is of the next window.
    assert rows["fabrikam"]["server_errors"] == 149 * 5


def test_an_app_that_nobody_reaches_logs_nothing(stage: Stage) -> None:
    stage.lab.advance(60)
    stage.outage()
    stage.lab.advance(400)
    assert stage.azure.logs.query("error_rate", *lately(stage)) == ()


def test_a_partial_result_is_never_a_result(stage: Stage) -> None:
    stage.lab.advance(300)
    stage.lab.fault("partial_result", "api.loganalytics")
    with pytest.raises(AzureCallFailed, match="only a part of the result came") as caught:
        stage.azure.logs.query("error_rate", *lately(stage))
    assert caught.value.retryable


def test_a_workspace_that_is_not_there_says_so(stage: Stage) -> None:
    logs = Logs(stage.lab.connection, "00000000-0000-4000-8000-000000000000")
    with pytest.raises(AzureCallFailed, match="The workspace could not be found") as caught:
        logs.query("error_rate", *lately(stage))
    assert (caught.value.status, caught.value.retryable) == (404, False)


def test_an_estate_without_a_workspace_says_what_to_add(stage: Stage) -> None:
    with pytest.raises(EstateInvalid, match="add it with the workspace_id"):
        Logs(stage.lab.connection, None).query("error_rate", *lately(stage))


def test_hostile_values_stay_values(stage: Stage) -> None:
    stage.lab.advance(300)
    hostile = 'x" or 1 == 1 | union AppRequests //'
    assert stage.azure.logs.query("error_rate", *lately(stage), tenant=hostile) == ()


def test_a_throttled_workspace_is_asked_again_later(stage: Stage) -> None:
    stage.lab.fault("throttle", "api.loganalytics", retry_after=7)
    with pytest.raises(AzureCallFailed) as caught:
        stage.azure.logs.query("error_rate", *lately(stage))
    assert (caught.value.status, caught.value.retryable, caught.value.retry_after) == (429, True, 7)


def test_a_question_is_no_write(stage: Stage) -> None:
    stage.from_now()
    stage.azure.logs.query("error_rate", *lately(stage))
    assert stage.writes == []
