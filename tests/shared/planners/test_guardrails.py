"""Automation changes no more than the guardrails allow, whatever is asked, and says why it may not."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.model.run import Blackout
from shared.planners.guardrails import Ask, Guarded, admit, admitted, give_back

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def ask(
    action: str = "restart_service",
    touches: tuple[str, ...] = ("service:agent-service",),
    minutes: float = 0.0,
    run: str = "remediation-1",
    **more: object,
) -> Ask:
    wire = {
        "run_id": run,
        "step": action,
        "action": action,
        "kind": "remediation",
        "touches": touches,
        "at": NOON + timedelta(minutes=minutes),
        "cool_down_seconds": 900.0,
        "changes_per_hour": 5,
        "at_once": {"tenant": 1},
        **more,
    }
    return Ask.model_validate(wire)


def test_the_same_action_on_the_same_thing_waits_for_its_cool_down() -> None:
    refusal, guarded = admit(Guarded(), ask())
    assert refusal == ""
    refusal, guarded = admit(guarded, ask(minutes=10, run="remediation-2"))
    assert refusal == (
        "cool-down: restart_service changed service:agent-service 10 min ago (remediation-1); again in 5 min"
    )
    assert admit(guarded, ask(minutes=10, run="remediation-2", action="scale_up_resources"))[0] == ""
    assert admit(guarded, ask(minutes=10, run="remediation-2", touches=("service:agents-db",)))[0] == ""
    assert admit(guarded, ask(minutes=15, run="remediation-2"))[0] == ""


def test_a_step_that_asks_again_is_answered_the_same() -> None:
    _, guarded = admit(Guarded(), ask())
    assert admit(guarded, ask(minutes=1)) == ("", guarded)


def test_what_is_given_back_was_never_there() -> None:
    _, guarded = admit(Guarded(), ask())
    _, both = admit(guarded, ask("clear_cache"))
    assert give_back(both, "remediation-1", "clear_cache") == guarded
    assert give_back(both, "remediation-2", "clear_cache") == both
    assert admit(give_back(guarded, "remediation-1", "restart_service"), ask(run="remediation-2"))[0] == ""


def test_a_blackout_binds_maintenance_and_no_emergency() -> None:
    freeze = Blackout(begins=NOON, ends=NOON + timedelta(days=1), reason="year-end freeze")
    assert admit(Guarded(), ask(blackouts=(freeze,)))[0] == ""
    assert admit(Guarded(), ask(blackouts=(freeze,), kind="maintenance"))[0] == (
        "blackout until 2026-11-22 12:00 UTC: year-end freeze"
    )
    late = ask(blackouts=(freeze,), kind="maintenance", minutes=24 * 60)
    assert admit(Guarded(), late)[0] == ""


def test_only_so_many_tenants_are_touched_within_an_hour() -> None:
    _, guarded = admit(Guarded(), ask("isolate_tenant", ("tenant:fabrikam",)))
    second = ask("isolate_tenant", ("tenant:contoso",), minutes=30, run="remediation-2")
    assert admit(guarded, second)[0] == (
        "blast radius: 1 tenants were touched in the last hour, 1 at once are allowed"
    )
    assert (
        admit(guarded, ask("isolate_tenant", ("tenant:contoso",), minutes=61, run="remediation-2"))[0] == ""
    )


asks = st.lists(
    st.tuples(
        st.sampled_from(["restart_service", "clear_cache", "isolate_tenant"]),
        st.sampled_from(["service:a", "service:b", "tenant:x", "tenant:y", "tenant:z"]),
        st.floats(0, 20),
        st.integers(1, 30),
    ),
    max_size=60,
)


@given(asks)
def test_no_hour_sees_more_changes_than_are_allowed(found: list[tuple[str, str, float, int]]) -> None:
    state: dict[str, object] = {}
    at, done = 0.0, list[tuple[float, str, str, int]]()
    for action, touched, gap, run in found:
        at += gap
        one = ask(action, (touched,), minutes=at, run=str(run))
        refusal, state = admitted(state, one.to_wire())
        if not refusal and not any(step == action and run == other for _, step, _, other in done):
            done.append((at, action, touched, run))
    for start, *_ in done:
        lately = [change for change in done if start <= change[0] < start + 60]
        assert len(lately) <= 5
        assert len({touched for _, _, touched, _ in lately if touched.startswith("tenant:")}) <= 1
    for first in done:
        for second in done:
            same = first[1:3] == second[1:3] and first[3] != second[3]
            assert not (same and 0 < second[0] - first[0] < 15)
