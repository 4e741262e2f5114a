"""The comparison of previews with runs finds what it is for."""

from typing import Any

import pytest

from shared.actions.preview import PreviewedStep
from shared.gateways.preview import Write
from tests.shared.plans.previewing import RECORDS, OnlyThen, check_the_same, fits

ID = "recovery-region_outage-20260101T000000-0a1b2c3d"


def step(*writes: tuple[str, str, Any]) -> list[PreviewedStep]:
    kept = tuple(Write(method=method, url=url, body=body) for method, url, body in writes)
    return [PreviewedStep(name="s", action="a", writes=kept)]


def entry(method: str, place: str, body: Any = None, *, applied: bool = True) -> dict[str, Any]:
    host, _, path = place.partition("/")
    return {"method": method, "host": host, "path": f"/{path}", "body": body, "applied": applied}


SHOWN = step(("PUT", "https://a.net/x/{{run_id}}?api-version=1", {"n": 1, "key": "{{s.key1}}"}))
SENT = [entry("PUT", f"a.net/x/{ID}", {"n": 1, "key": "real"}), entry("PUT", "a.net/lost", applied=False)]


def test_the_same_writes_are_the_same() -> None:
    assert len(check_the_same(SHOWN, SENT)) == 1


@pytest.mark.parametrize(
    ("ledger", "said"),
    [
        ([], "listed by the preview, and not sent: PUT https://a.net/x/"),
        ([*SENT, *SENT], "sent, and not listed by the preview: PUT https://a.net/x/"),
        ([*SENT, entry("DELETE", "a.net/y")], "sent, and not listed by the preview: DELETE https://a.net/y"),
        ([entry("PATCH", f"a.net/x/{ID}", {"n": 1, "key": "k"})], "not sent: PUT"),
        (
            [entry("PUT", f"a.net/x/{ID}", {"n": 2, "key": "k"})],
            r"sent otherwise than listed: .*body\.n is 2, listed as 1",
        ),
        (
            [entry("PUT", f"a.net/x/{ID}", {"n": 1, "key": "k", "more": 1})],
            "sent otherwise than listed: .*more",
        ),
    ],
)
def test_what_is_missing_too_much_or_otherwise_is_named(ledger: list[dict[str, Any]], said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        check_the_same(SHOWN, ledger)


def test_what_the_interpreter_writes_stands_aside() -> None:
    place = RECORDS.removeprefix("https://")
    own = [
        entry("PUT", place),
        entry("PUT", f"{place}/{ID}/record.json", {"run_id": ID}),
        entry("PUT", f"{place}/{ID}/requests.jsonl", "90 bytes"),
        entry("POST", "mail.net/emails:send", {"content": {"subject": "Approval needed: region_outage"}}),
    ]
    assert len(check_the_same(SHOWN, [*SENT, *own])) == 1
    with pytest.raises(AssertionError, match="fingerprint"):
        check_the_same(SHOWN, [*SENT, entry("PUT", f"{place}/{ID}/fingerprint-before.json", {})])


def test_an_exception_takes_what_it_names_and_no_more_and_must_be_needed() -> None:
    other = [entry("PUT", f"a.net/x/{ID}", {"n": 2, "key": "k"})]
    assert check_the_same(SHOWN, other, (OnlyThen("/x/", "why", ("n",)),))
    with pytest.raises(AssertionError, match="n is 2"):
        check_the_same(SHOWN, other, (OnlyThen("/x/", "why", ("key",)),))
    with pytest.raises(AssertionError, match="exceptions are for"):
        check_the_same(SHOWN, SENT, (OnlyThen("/y/", "why"),))


@pytest.mark.parametrize(
    ("shown", "done", "same"),
    [
        ("***", "anything", True),
        ("{{rotate.key1}}", {"any": "thing"}, True),
        ("a-{{s.f}}-b", "a-1-b", True),
        ("a-{{s.f}}-b", "a-1-c", False),
        ("{{run_id}}/x", f"{ID}/x", True),
        ("sample-0123456789abcdef-1", "sample-fedcba9876543210-1", True),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:05Z", False),
        ({"bytes": 3, "sha256": "ab"}, "3 bytes", True),
        ({"bytes": 3, "sha256": "ab"}, "4 bytes", False),
        ([1, 2], [2, 1], False),
        (None, {}, False),
    ],
)
def test_values_fit_as_far_as_they_could_be_known(shown: Any, done: Any, same: object) -> None:
    assert fits(shown, done) is same
