"""Whatever people write stays text: in pages, drawings and PDFs."""

from datetime import timedelta
from itertools import cycle
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.model.run import RunRecord, RunStatus, StepStatus
from shared.reports.run_report import html, mail_html, mail_subject, mail_text, pdf
from shared.reports.timeline_svg import timeline_svg
from tests.shared.reports.reading import drawing, page, pdf_text
from tests.shared.reports.samples import T0, ZONE, at, success

SCRIPT = "</title></style></svg><script>alert(1)</script><img src=x onerror=alert(1)>"
TYPST = '#eval("1+1") #panic() *b* _i_ $x$ @ref <label> `raw` = head \\ // c /* */ #{sys.inputs} ]#['
NASTY = [
    SCRIPT,
    TYPST,
    "\" onmouseover='x' ]]> <!-- --> &amp; &#0;",
    "x" * 3000,
    "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 \u202edesrever",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1ef\U0001f1f5 e\u0301\u0301\u0301 \u65e5\u672c\u8a9e",
    "\x00\x01\x1b\x7f\ufffe\uffff\u2028",
    "{{ 7*7 }} {% raw %}",
    "",
]


def hostile(words: list[str], run: str = "succeeded", kind: str = "succeeded") -> RunRecord:
    """Every text of a record is one of the words."""
    word = cycle(words)
    steps: list[dict[str, Any]] = [
        {
            "name": f"{next(word)}{n}",
            "action": next(word),
            "status": kind,
            "attempts": n,
            "failures": n - 1,
            "started_at": at(n),
            "finished_at": at(3 * n) if n % 2 else None,
            "summary": next(word),
            "error": next(word),
        }
        for n in (1, 2, 3)
    ]
    steps[2]["needs"] = (steps[0]["name"], steps[1]["name"], next(word))
    base = success(run_id="run").to_wire()
    return RunRecord.from_wire(
        base
        | {
            "plan": next(word),
            "title": next(word),
            "status": run,
            "status_reason": next(word),
            "requested_by": next(word),
            "reason": next(word),
            "held_by": next(word),
            "steps": steps,
            "approvals": [
                {
                    "run_id": next(word),
                    "decision": decision,
                    "approver": next(word),
                    "approver_id": "x",
                    "reason": next(word),
                    "decided_at": at(5),
                }
                for decision in ("approve", "reject")
            ],
            "log": [
                {"at": at(6), "what": f"{steps[0]['name']} waiting for {next(word)}", "who": next(word)},
                {"at": T0 - timedelta(days=2), "what": next(word), "who": next(word)},
            ],
            "findings": [
                {
                    "check": next(word),
                    "resource": next(word),
                    "severity": "critical",
                    "title": next(word),
                    "evidence": {next(word): next(word), "n": [1, {"a": next(word)}]},
                    "recommendation": next(word),
                }
            ],
            "rto": base["rto"] | {"basis": next(word)},
            "service_rto": [
                {"service": next(word), "target_seconds": 1, "measured_seconds": 2, "met": False}
            ],
            "finished_at": at(9) if RunStatus(run).over else None,
        }
    )


OURS = {tag for body in (html, mail_html) for tag, _ in page(body(hostile(["plain"]), time_zone=ZONE)).tags}


def check(record: RunRecord) -> None:
    """No words become markup, in any form but the PDF."""
    drawing(timeline_svg(record))
    for markup in (html(record, time_zone=ZONE), mail_html(record, time_zone=ZONE)):
        read = page(markup)
        assert read.unbalanced == []
        assert read.stack == []
        assert {tag for tag, _ in read.tags} <= OURS
        assert not any(name.startswith("on") for _, attributes in read.tags for name in attributes)
        assert "\x00" not in markup
    assert len(mail_subject(record).splitlines()) == 1
    mail_text(record, time_zone=ZONE)


@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
def test_nasty_text_stays_text_everywhere(text: str):
    record = hostile([text])
    check(record)
    assert pdf(record, time_zone=ZONE).startswith(b"%PDF-")


def test_markup_is_shown_as_it_was_written():
    read = page(html(hostile([SCRIPT]), time_zone=ZONE))
    assert SCRIPT in read.texts
    printed = pdf_text(pdf(hostile([TYPST]), time_zone=ZONE)).replace(" ", "")
    assert '#eval("1+1")#panic()*b*_i_$x$@ref<label>`raw`' in printed


WORDS = st.one_of(st.text(max_size=60), st.sampled_from(NASTY))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(WORDS, min_size=1, max_size=7), st.sampled_from(RunStatus), st.sampled_from(StepStatus))
def test_any_text_in_any_state_is_safe(words, run, kind):
    check(hostile(words, run.value, kind.value))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(WORDS, min_size=1, max_size=7), st.sampled_from(RunStatus), st.sampled_from(StepStatus))
def test_any_text_in_any_state_prints(words, run, kind):
    printed = pdf(hostile(words, run.value, kind.value), time_zone=ZONE)
    assert "Steps" in pdf_text(printed)
