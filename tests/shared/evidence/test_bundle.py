"""What stands in a bundle: every request once with its answer, decisions without what only the app may hold."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.evidence.bundle import UNANSWERED, entries, merged, read_journal

RECORD = {
    "run_id": "r",
    "plan": "p",
    "mode": "real",
    "status": "succeeded",
    "approvals": [{"approver": "bob", "reason": "AccountKey=topsecret;", "signature": "hmac-1"}],
}


def intent(key: str, at: str = "2026-01-01T00:00:00.000Z") -> dict[str, Any]:
    return {"id": key, "at": at, "method": "PUT", "url": f"https://x/{key}", "changes": True}


def result(key: str, status: int | None = 200) -> dict[str, Any]:
    return {"id": key, "status": status, "ms": 1.0}


def made(**given: Any) -> dict[str, list[Any]]:
    content: dict[str, list[Any]] = {}
    known = {"request": {}, "record": RECORD, "controls": (), "journal": (), "gaps": (), **given}
    for kind, one in entries(**known):
        content.setdefault(kind, []).append(one)
    return content


def test_intent_and_result_are_one_line():
    assert merged([intent("a"), result("a", 202)]) == [{**intent("a"), **result("a", 202)}]


def test_an_intent_without_a_result_says_that_nobody_knows():
    (line,) = merged([intent("a")])
    assert (line["status"], line["unknown"]) == (None, UNANSWERED)


@settings(deadline=None)
@given(st.lists(st.integers(0, 30), max_size=30), st.randoms(use_true_random=False))
def test_repeats_and_order_of_writing_change_nothing(repeated: list[int], chance: Any):
    lines = [
        line
        for n in range(16)
        for line in (intent(f"{n:02}", f"2026-01-01T00:00:{n:02}.000Z"), result(f"{n:02}", 200 + n))
    ]
    journal = [*lines, *(lines[place] for place in repeated)]
    chance.shuffle(journal)
    assert [line["status"] for line in merged(journal)] == [200 + n for n in range(16)]


def test_a_journal_is_read_as_it_lies_in_storage():
    assert read_journal(b'{"id": "a"}\n{"id": "b"}\n') == [{"id": "a"}, {"id": "b"}]
    assert read_journal(b"") == []


def test_signatures_and_secrets_are_in_no_line():
    found = made(
        request={
            "run_id": "r",
            "signature": "hmac-2",
            "step_signatures": {"a": "hmac-3"},
            "clientSecret": "topsecret",
        },
        controls=[{"verb": "abort", "reason": "sig=topsecret", "signature": "hmac-4"}],
        journal=[{**intent("a"), "body": {"password": "topsecret"}}],
    )
    assert "hmac" not in str(found)
    assert "topsecret" not in str(found)
    assert found["control"][0]["verb"] == "abort"
    assert found["approval"] == [{"approver": "bob", "reason": "AccountKey=***;"}]


def test_the_manifest_counts_and_names_the_gaps():
    (manifest,) = made(journal=[intent("a"), result("a"), intent("b")], gaps=["3 are missing"])["manifest"]
    assert manifest["counts"] == {"approval": 1, "control": 0, "sent": 2}
    assert manifest["gaps"] == ["3 are missing"]
    assert list(made()) == ["manifest", "request", "approval", "record"]
