import re

import pytest

from shared.model.run import Objective, RunRecord
from shared.reports.run_report import html, mail_html, mail_subject, mail_text, pdf
from tests.shared.reports import samples
from tests.shared.reports.reading import accessible, page, pdf_text
from tests.shared.reports.samples import SAMPLES, ZONE, success

BODIES = {"html": html, "mail_html": mail_html}


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("body", BODIES)
def test_pages_are_balanced_and_self_contained(body: str, name: str):
    markup = BODIES[body](SAMPLES[name], time_zone=ZONE)
    read = page(markup)
    assert read.unbalanced == []
    assert read.stack == []
    assert read.tags[0] == ("html", {"lang": "en"})
    assert not read.all("script") + read.all("link") + read.all("img") + read.all("iframe")
    assert "url(" not in markup
    assert "http" not in markup.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "").replace(
        "https", ""
    )
    assert [t for t, _ in read.tags].count("h1") == 1


@pytest.mark.parametrize("record", SAMPLES.values(), ids=SAMPLES.keys())
def test_the_page_is_accessible(record: RunRecord):
    accessible(page(html(record, time_zone=ZONE)))


FACTS = {
    "success": [
        "REAL",
        "Service was restored in 7 min 12 s; the target of 4 h was met.",
        "orders missed its target.",
        "alice@contoso.com",
        "carol@contoso.com",
        "Agreed; customers are affected",
        "182,340 documents",
        "Only 12 cores are left in japanwest",
        "Ask for 100 more cores",
        "an unsigned approval event was ignored",
        "Asia/Tokyo (JST, UTC+09:00)",
        "Tuesday 14 July 2026, 10:02:33",
        "Data loss (RPO)",
        "rebuild_search_index → switch_traffic",
        "recovery-region_outage-0198061e7c4d",
    ],
    "drill": ["DRILL", "The drill restored service in 6 min 57 s; the target of 4 h was met.", "13.9 s"],
    "troubled": [
        "the target of 10 min was missed by 1 min 30 s.",
        "What went wrong, and what was done about it",
        "6 attempts, gave up 2 times",
        "erin@contoso.com: rebuild_search_index: skip, chat works without it",
        "1 step skipped: rebuild_search_index.",
        "It is not critical: the run went on.",
    ],
    "failed": [
        "Service was not restored: step failover_cosmos_db failed after 3 attempts.",
        "locked by policy",
        "not started",
    ],
    "rejected": [
        "carol@contoso.com rejected the run and nothing was changed: Microsoft expects recovery within 10 minutes",
        "1 of 2 given",
    ],
    "running": [
        "Running for 4 min 33 s. 4 of 8 steps are done. Now: rebuild_search_index.",
        "Unfinished",
        "so far",
    ],
    "awaiting_operator": [
        "Waiting for an operator to decide on step rebuild_search_index: retry, skip or abort."
    ],
    "awaiting_approval": ["Waiting for approval for 38 s: 1 of 2 given; nothing is changed yet."],
    "maintenance": ["Finished in 21 s: 2 of 2 steps succeeded, 1 step changed something."],
    "empty": ["The plan has no steps."],
}


@pytest.mark.parametrize("name", FACTS)
def test_page_and_pdf_say_the_same_key_facts(name: str):
    speed = 30 if name == "drill" else 1
    shown = page(html(SAMPLES[name], time_zone=ZONE, speed=speed)).text
    printed = pdf_text(pdf(SAMPLES[name], time_zone=ZONE, speed=speed))
    for fact in FACTS[name]:
        assert fact in shown
        # A line end inside a name leaves no blank in the page, but one in the text that is read back.
        assert re.sub(r"\s", "", fact) in re.sub(r"\s", "", printed)


def test_what_is_not_there_is_left_out():
    shown = page(html(samples.maintenance(), time_zone=ZONE)).text
    for absent in (
        "RPO",
        "Recovery time",
        "Approvals",
        "went wrong",
        "Log",
        "Out of service",
        "times faster",
    ):
        assert absent not in shown
    assert "RPO" not in page(html(samples.drill(), time_zone=ZONE)).text


def test_an_error_stands_in_the_steps_and_among_the_troubles():
    printed = pdf_text(pdf(samples.troubled(), time_zone=ZONE))
    assert printed.count("HTTP 429 three times") == 2
    assert (
        page(html(samples.troubled(), time_zone=ZONE)).text.count("HTTP 429 three times") == 2 + 1
    )  # the tooltip


def test_every_step_has_its_row():
    read = page(html(samples.forty_steps(), time_zone=ZONE))
    rows = [words for words in read.inside("th") if words.startswith("restore_service_")]
    assert len(rows) == 38
    assert "validate_everything" in pdf_text(pdf(samples.forty_steps(), time_zone=ZONE))


def test_a_target_met_only_because_the_simulator_is_fast_is_missed():
    record = success(
        mode="drill",
        rto=Objective(
            basis="request", started_at=samples.T0, target_seconds=300, measured_seconds=13.9, met=True
        ),
    )
    assert "the target of 5 min was met" in html(record, time_zone=ZONE)
    assert "the target of 5 min was missed by 1 min 57 s" in html(record, time_zone=ZONE, speed=30)


def test_it_says_from_when_until_when_the_recovery_time_is_counted():
    told = "Counted from the start of the outage that the operator gave until "
    seen, proved = samples.success(), samples.troubled()
    assert seen.rto.ended_by == "requests"
    assert f"{told}the last tenant's own requests were answered" in page(html(seen, time_zone=ZONE)).text
    assert f"{told}validation passed" in page(html(proved, time_zone=ZONE)).text
    assert "until" in pdf_text(pdf(seen, time_zone=ZONE))


def test_the_same_record_prints_the_same_bytes():
    assert pdf(success(), time_zone=ZONE) == pdf(success(), time_zone=ZONE)


def test_the_pdf_carries_its_own_font_and_is_tagged():
    printed = pdf(success(), time_zone=ZONE)
    assert b"Inter-Regular" in printed
    assert b"Inter-SemiBold" in printed
    assert b"Libertinus" not in printed
    assert b"/StructTreeRoot" in printed


def test_mail_is_a_table_without_styles_or_svg():
    markup = mail_html(
        samples.troubled(), time_zone=ZONE, report_url="https://ops.example/api/runs/1/report?a=1&b=2"
    )
    read = page(markup)
    assert not read.all("svg") + read.all("style")
    assert read.all("a") == [
        {"href": "https://ops.example/api/runs/1/report?a=1&b=2", "style": "color:#1550b8"},
    ]
    assert {"check_recovery_region", "rebuild_search_index"} <= set(read.inside("strong"))
    assert len(read.all("tr")) == 1 + 8 + 7 + 2


def test_mail_text_is_not_escaped_and_names_each_step():
    record = success(reason='He said "go" & <we> went')
    body = mail_text(record, time_zone=ZONE, report_url="https://ops.example/r")
    assert 'He said "go" & <we> went' in body
    assert re.search(
        r"^10:04:02  3 min 2 s     succeeded             failover_cosmos_db$", body, re.MULTILINE
    )
    assert body.rstrip().endswith("https://ops.example/r")


def test_the_subject_is_one_line():
    record = success(title="Recover\r\nBcc: everyone@contoso.com")
    subject = mail_subject(record)
    assert subject.startswith("[REAL] Recover Bcc: everyone@contoso.com: Service was restored in 7 min 12 s")
    assert len(subject.splitlines()) == 1


def test_reports_import_no_typst_before_a_pdf_is_asked_for():
    import subprocess
    import sys

    code = "import sys, shared.reports.run_report; sys.exit('typst' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
