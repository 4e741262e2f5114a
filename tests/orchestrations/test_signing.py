"""Signatures: any change of any field breaks one, and none serves twice."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError, create_model

from shared.model.plan import ApprovalPolicy, Mode, Plan, Step
from shared.model.run import Approval, Control, RunLimits, RunRequest, StepOrder
from shared.model.signing import Signer, all_steps, plan_digest, step_orders

SIGNER = Signer(b"k" * 32)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PLAN = Plan(
    name="p",
    kind="recovery",
    title="P",
    steps=(
        Step(name="a", action="x", params={"n": 1, "s": "t", "l": [1, 2]}, undo=Step(name="u", action="y")),
        Step(name="b", action="z", needs=("a",), deadline=timedelta(minutes=5)),
    ),
    approval=ApprovalPolicy(required=1, approvers=("bob@x.org",)),
    rto=timedelta(hours=1),
    services=("db",),
)
REQUEST = SIGNER.sign_request(
    RunRequest(
        run_id="recovery-p-1",
        plan=PLAN,
        mode=Mode.REAL,
        requested_by="alice",
        requester_id="t/a",
        reason="r",
        requested_at=NOW,
        outage_started_at=NOW,
        parameters={"deep": {"er": [1, None]}},
        limits=RunLimits(poll_seconds=1),
    )
)
APPROVAL = SIGNER.sign(
    Approval(
        run_id="recovery-p-1",
        decision="approve",
        approver="bob@x.org",
        approver_id="t/b",
        reason="ok",
        decided_at=NOW,
        plan_digest=plan_digest(PLAN),
    )
)
CONTROL = SIGNER.sign(
    Control(
        run_id="recovery-p-1",
        verb="skip",
        actor="alice",
        actor_id="t/a",
        reason="r",
        decided_at=NOW,
        step="a",
        failure_number=1,
        undo=True,
    )
)
ORDER = next(step_orders(REQUEST))
ORDER = SIGNER.sign(ORDER)


def paths(wire: Any, here: tuple = ()) -> list[tuple]:
    """Every leaf, and everything that can be taken away."""
    children = wire.items() if isinstance(wire, dict) else enumerate(wire) if isinstance(wire, list) else ()
    found = [here] if here else []
    for key, child in children:
        found += paths(child, (*here, key))
    return found


def changed(wire: Any, path: tuple, value: object) -> Any:
    if not path:
        return value
    head, *rest = path
    copy = dict(wire) if isinstance(wire, dict) else list(wire)
    copy[head] = changed(copy[head], tuple(rest), value)
    return copy


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5) | st.floats(0, 9),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@pytest.mark.parametrize(
    "content", [REQUEST, APPROVAL, CONTROL, ORDER], ids=lambda content: type(content).__name__
)
def test_what_was_signed_is_ours_after_its_way_through_json(content):
    again = type(content).from_wire(content.to_wire())
    assert again == content
    assert SIGNER.is_ours(again)
    assert not Signer(b"other" * 8).is_ours(again)
    assert not SIGNER.is_ours(again.model_copy(update={"signature": ""}))
    assert not SIGNER.is_ours(again.model_copy(update={"signature": "é"}))


@given(st.sampled_from([REQUEST, APPROVAL, CONTROL, ORDER]), st.data())
def test_any_change_of_any_field_breaks_the_signature(content, data: st.DataObject):
    wire = content.to_wire()
    path = data.draw(st.sampled_from(paths(wire)))
    try:
        edited = type(content).from_wire(changed(wire, path, data.draw(JSON)))
    except ValidationError:
        return
    good = SIGNER.is_whole(edited) if isinstance(edited, RunRequest) else SIGNER.is_ours(edited)
    assert good == (json.dumps(edited.to_wire()) == json.dumps(wire))  # for Python, True is 1


@pytest.mark.parametrize(
    "content", [REQUEST, APPROVAL, CONTROL, ORDER], ids=lambda content: type(content).__name__
)
def test_every_field_is_covered(content):
    wire = content.to_wire()
    other = {
        "run_id": "other",
        "mode": "drill",
        "decision": "reject",
        "verb": "retry",
        "plan": {**PLAN.to_wire(), "title": "Q"},
        "rto_basis": "alert",
        "limits": {"poll_seconds": 2},
        "params": {"n": 2},
        "parameters": {},
        "undo": False,
        "break_glass": True,
        "failure_number": 2,
        "step_signatures": {},
        "requested_at": "2026-03-01T12:00:01Z",
        "outage_started_at": None,
        "decided_at": "2026-03-01T12:00:01Z",
    }
    for field in wire:
        edited = type(content).from_wire({**wire, field: other.get(field, "something else")})
        assert edited != content, field
        good = SIGNER.is_whole(edited) if isinstance(edited, RunRequest) else SIGNER.is_ours(edited)
        assert not good, field


def test_a_signature_of_one_kind_is_none_of_another():
    control = CONTROL.model_copy(update={"signature": APPROVAL.signature})
    assert not SIGNER.is_ours(control)


def test_a_request_is_whole_only_with_every_step():
    assert SIGNER.is_whole(REQUEST)
    for name in all_steps(PLAN):
        less = {key: value for key, value in REQUEST.step_signatures.items() if key != name}
        assert not SIGNER.is_whole(REQUEST.model_copy(update={"step_signatures": less}))
    assert set(REQUEST.step_signatures) == {"a", "b", "undo_a"}


def test_a_release_that_adds_a_field_breaks_no_run_in_flight():
    # What an older release wrote has no such field; its default means what that release did.
    newer_order = create_model("StepOrder", __base__=StepOrder, added=(bool, False))
    assert SIGNER.is_ours(newer_order.from_wire(ORDER.to_wire()))
    assert not SIGNER.is_ours(newer_order.from_wire({**ORDER.to_wire(), "added": True}))
    newer_plan = create_model("Plan", __base__=Plan, added=(str, "as before"))
    assert plan_digest(newer_plan.from_wire(PLAN.to_wire())) == plan_digest(PLAN)
    assert plan_digest(newer_plan.from_wire({**PLAN.to_wire(), "added": "else"})) != plan_digest(PLAN)


def test_an_unknown_field_of_a_newer_release_is_not_covered_and_not_acted_on():
    assert SIGNER.is_ours(StepOrder.from_wire({**ORDER.to_wire(), "new": 1}))


def test_a_key_is_never_shown():
    assert "kkk" not in repr(SIGNER)
