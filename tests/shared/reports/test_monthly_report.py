import re
from collections.abc import Callable
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.model.monthly import MonthlyReport
from shared.reports.monthly.view import monthly_view
from shared.reports.monthly_report import html, mail_html, mail_subject, mail_text, pdf
from tests.shared.reports import monthly_samples as samples
from tests.shared.reports.monthly_samples import SAMPLES
from tests.shared.reports.reading import accessible, page, pdf_text
from tests.shared.reports.test_hostile_text import NASTY, SCRIPT, TYPST

BODIES: dict[str, Callable[[MonthlyReport], str]] = {"html": html, "mail_html": mail_html}


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("body", BODIES)
def test_pages_are_balanced_and_self_contained(body: str, name: str):
    markup = BODIES[body](SAMPLES[name])
    read = page(markup)
    assert read.unbalanced == []
    assert read.stack == []
    assert read.tags[0] == ("html", {"lang": "en"})
    assert not read.all("script") + read.all("link") + read.all("img") + read.all("iframe")
    assert "url(" not in markup
    assert "http" not in markup.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "")
    assert [tag for tag, _ in read.tags].count("h1") == 1


@pytest.mark.parametrize("name", SAMPLES)
def test_the_page_is_accessible(name: str):
    read = page(html(SAMPLES[name]))
    accessible(read)
    assert all(svg.get("role") == "img" and svg.get("aria-labelledby") for svg in read.all("svg"))


FACTS = {
    "good": [
        "October 2026",
        "Contoso Agents",
        "Tenants got what they are promised, and every recovery plan is ready.",
        "Nothing in this month needs anybody's time.",
        "99.97 %",
        "1,630 ms met",
        "12 s met",
        "target 5 min",
        "6 min 57 s met",
        "Saturday 31 October 2026, 13:00:00",
        "+20",
        "6 min in the median",
        "Ended by automation 1 of 2",
        "An incident that is still open is told of in the month in which it closes.",
        "31,699.17 EUR",
        "30,516.02 EUR (+4 %)",
        "Before tax, in days of UTC. What the newest two or three days cost may still grow.",
        "Asia/Tokyo (JST, UTC+09:00)",
    ],
    "bad": [
        "contoso did not get what it is promised; 1 tenant reached for another tenant's data and 1 recovery plan",
        "is not ready.",
        "99.59 % missed",
        "2,630 ms missed",
        "409 %",
        "no requests",
        "99.50 % missed",
        "44,012",
        "REAL",
        "DRILL",
        "4 h 42 min 12 s missed",
        "14 Oct 12:00",
        "Aborted",
        "Not ready",
        "\u221270",
        "high: the last restore was not proved (hold the drill again)",
        "7: 2 critical, 4 medium, 1 low",
        "4 min in the median; 1 of 7 never",
        "tailspin, security",
        "Unusual export of secrets",
        "30 Oct 07:41",
        "+513 %",
        "Shorten its slowest steps, or the wait for approval",
    ],
    "empty": [
        "No tenant asked anything, and every recovery plan is ready.",
        "No tests from outside ran.",
        "No recovery ran in this month, and no drill was held.",
        "No incident closed in this month.",
        "Open security alerts none",
        "Azure charged nothing in this month.",
    ],
    "unread": [
        "Whether tenants got what they are promised could not be read",
        "What tests from outside saw could not be read.",
        "The recoveries and drills of this month could not be read.",
        "How ready the plans are could not be read.",
        "The incidents of this month could not be read.",
        "Open security alerts could not be read",
        "Not in this report",
        "The workspace of logs did not answer: HTTP 503.",
    ],
    "so_far": [
        "So far",
        "The month is not over: as of Friday 16 October 2026, 09:00:00.",
        "The same days of the month before",
    ],
    "big": [
        "33 of 200 tenants did not get what they are promised, but every recovery plan is ready.",
        "tenant-000",
        "The first 50 of 500; 450 more incidents are not shown here.",
        "The first 30 of 66; 36 more findings are not shown here.",
    ],
}


@cache
def printed_words(name: str) -> str:
    """A sample's PDF as text without blanks: a line end inside a name leaves one that nobody wrote."""
    return re.sub(r"\s", "", pdf_text(pdf(SAMPLES[name])))


@pytest.mark.parametrize("name", FACTS)
def test_page_and_pdf_say_the_same_key_facts(name: str):
    shown = re.sub(r"\s", "", page(html(SAMPLES[name])).text)
    printed = printed_words(name)
    for fact in FACTS[name]:
        wanted = re.sub(r"\s", "", fact)
        assert wanted in shown, fact
        assert wanted in printed, fact


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sentence_of_the_month_stands_in_page_pdf_and_mail(name: str):
    view = monthly_view(SAMPLES[name])
    printed = printed_words(name)
    mails = [page(mail_html(SAMPLES[name])).text, " ".join(mail_text(SAMPLES[name]).split())]
    for words in (view.headline, view.month, *(tile.value for tile in view.tiles)):
        assert re.sub(r"\s", "", words) in printed
        assert all(words in mail for mail in mails)
    for section in view.sections:
        for words in (section.heading, *section.says, *section.notes):
            assert re.sub(r"\s", "", words) in printed


def test_only_a_month_that_goes_on_is_told_of_so_far():
    assert "So far" not in page(html(samples.good())).text
    assert "so far" not in mail_subject(samples.good())
    assert "Operations report October 2026 so far:" in mail_subject(samples.so_far())
    assert "As of Friday 16 October 2026, 09:00:00 (2026-10-16 00:00:00 UTC)" in mail_text(samples.so_far())


def test_the_subject_is_one_line_and_counts_what_needs_somebody():
    assert (
        mail_subject(samples.good())
        == "[Contoso Agents] Operations report October 2026: availability 99.97 %, nothing needs anybody"
    )
    assert mail_subject(samples.bad()).endswith("availability 99.72 %, 11 things need somebody")
    named = samples.good().model_copy(update={"title": "Contoso\r\nBcc: everyone@contoso.com"})
    assert len(mail_subject(named).splitlines()) == 1


def test_mail_holds_the_first_ten_findings_inline_and_links_to_the_report():
    markup = mail_html(samples.big(), report_url="https://ops.example/api/months/2026-10?a=1&b=2")
    read = page(markup)
    assert not read.all("svg") + read.all("style")
    assert [a["href"] for a in read.all("a")] == ["https://ops.example/api/months/2026-10?a=1&b=2"]
    assert len(read.all("li")) == 10
    assert "and 56 more in the report" in read.text
    body = mail_text(samples.big(), report_url="https://ops.example/r")
    assert body.rstrip().endswith("https://ops.example/r")
    assert re.search(
        r"^Availability           99\.94 % \(target 99\.9 %: met; tests from outside 99\.97 %\)$",
        body,
        re.MULTILINE,
    )
    assert "Open the whole report" not in mail_html(samples.big())


def test_the_same_month_prints_the_same_bytes_in_its_own_font():
    printed = pdf(samples.bad())
    assert printed == pdf(samples.bad())
    assert b"Inter-Regular" in printed
    assert b"Libertinus" not in printed
    assert b"/StructTreeRoot" in printed


OURS = {tag for body in BODIES.values() for tag, _ in page(body(samples.hostile(["plain"]))).tags}


def check(month: MonthlyReport) -> None:
    """No words become markup, in any form but the PDF."""
    for body in BODIES.values():
        markup = body(month)
        read = page(markup)
        assert read.unbalanced == []
        assert read.stack == []
        assert {tag for tag, _ in read.tags} <= OURS
        assert not any(name.startswith("on") for _, attributes in read.tags for name in attributes)
        assert not re.search("[\x00\x1b\u202e]", markup)
    assert not re.search("[\x00\x1b\u202e]", mail_text(month))
    assert len(mail_subject(month).splitlines()) == 1


@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
def test_nasty_text_stays_text_everywhere(text: str):
    check(samples.hostile([text]))
    assert pdf(samples.hostile([text])).startswith(b"%PDF-")


def test_markup_is_shown_as_it_was_written():
    assert SCRIPT in page(html(samples.hostile([SCRIPT]))).texts
    assert SCRIPT in mail_text(samples.hostile([SCRIPT]))
    printed = pdf_text(pdf(samples.hostile([TYPST]))).replace(" ", "")
    assert '#eval("1+1")#panic()*b*_i_$x$@ref<label>`raw`' in printed


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.one_of(st.text(max_size=60), st.sampled_from(NASTY)), min_size=1, max_size=7))
def test_any_text_is_safe(words: list[str]):
    check(samples.hostile(words))


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.one_of(st.text(max_size=60), st.sampled_from(NASTY)), min_size=1, max_size=7))
def test_any_text_prints(words: list[str]):
    assert "Service levels" in pdf_text(pdf(samples.hostile(words)))


def test_nothing_loads_typst_before_a_pdf_is_asked_for():
    import subprocess
    import sys

    code = "import sys, shared.reports.monthly_report; sys.exit('typst' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
