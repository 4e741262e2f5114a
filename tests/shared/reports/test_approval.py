"""The approval page and mail: everything that an approver weighs, nothing that a stranger could smuggle in."""

from datetime import timedelta

import pytest

from shared.model.plan import ApprovalPolicy, Mode, Plan, PlanKind, Step
from shared.model.run import RunRequest
from shared.reports import approval
from tests.shared.reports.reading import page
from tests.shared.reports.samples import T0, ZONE
from tests.shared.reports.test_hostile_text import NASTY


def asked(words: str = "Japan East is out", **policy: object) -> RunRequest:
    target = {"name": "agents-db", "resource_id": "/subscriptions/x"}
    steps = (
        Step(name="check_it", action="validate_dr_region", changes=False, params={"services": [target]}),
        Step(
            name="move_it",
            action="failover_cosmos_db",
            needs=("check_it",),
            params={"service": target},
            undo=Step(name="back", action="failback_cosmos_db"),
        ),
        Step(name="tell", action="notify_stakeholders", params={"to": [words or "nobody"]}),
    )
    who = ApprovalPolicy(required=2, approvers=("bob@x.org", "carol@x.org"), **policy)
    plan = Plan(
        name="p", kind=PlanKind.RECOVERY, title=words, steps=steps, approval=who, rto=timedelta(hours=1)
    )
    return RunRequest(
        run_id="recovery-p-1",
        plan=plan,
        mode=Mode.REAL,
        requested_by=words,
        requester_id="t/a",
        reason=words,
        requested_at=T0,
    )


def test_the_page_says_what_happens_to_what_and_what_can_be_undone():
    view = approval.view(asked(), time_zone=ZONE)
    assert [(step.name, step.target, step.after, step.changes, step.undo) for step in view.steps] == [
        ("check_it", "agents-db", "", False, False),
        ("move_it", "agents-db", "check_it", True, True),
        ("tell", "Japan East is out", "", True, False),
    ]
    html = approval.page(view, approval.PageState(person="bob@x.org", may_decide=True), None, time_zone=ZONE)
    for shown in ("2 of 2 approvers", "agents-db", "only looks", "bob@x.org", "Approve", "Reject", "1 h"):
        assert shown in html, shown
    assert "Approve alone" not in html


def test_a_page_without_a_form_decides_nothing():
    view = approval.view(asked(), time_zone=ZONE)
    html = approval.page(view, approval.PageState(person="bob@x.org", message="Over."), None, time_zone=ZONE)
    assert "Over." in html
    assert "<form" not in html
    assert "<button" not in html


def test_break_glass_and_declaration_are_announced():
    policy = {"break_glass_after": timedelta(minutes=15), "declared_by": "incident-commander"}
    view = approval.view(asked(**policy), time_zone=ZONE)
    text = approval.mail_text(view, "Bob", "https://x/api/approvals/t")
    assert "may approve alone" in text
    assert "must be incident-commander" in text
    assert "https://x/api/approvals/t" in text
    state = approval.PageState(person="e", may_decide=True, may_break_glass=True)
    assert "Approve alone" in approval.page(view, state, None, time_zone=ZONE)


@pytest.mark.parametrize("words", [word for word in NASTY if word])
def test_other_peoples_words_stay_text(words: str):
    view = approval.view(asked(words), time_zone=ZONE)
    writes = ({"step": words, "method": "PUT", "url": words, "body": words},)
    state = approval.PageState(person=words, message=words, may_decide=True, writes=writes, problems=(words,))
    shown = page(approval.page(view, state, None, time_zone=ZONE))
    assert not shown.all("script")
    assert not shown.all("img")
    assert shown.unbalanced == []
    mailed = approval.mail_html(view, words, "https://x/y")
    assert "<script" not in mailed
    assert "<img" not in mailed
    assert "<script" not in approval.refusal_page(words, words)
