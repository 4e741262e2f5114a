"""The on-call page says what the table says, and takes nothing in names for markup."""

from datetime import UTC, datetime
from html.parser import HTMLParser

from shared.planners.on_call_table import table
from shared.reports.on_call import page
from tests.shared.actions.stage import contoso

AT = datetime(2026, 6, 17, 2, 0, tzinfo=UTC)


class Tags(HTMLParser):
    """Opening and closing tags that do not match are told."""

    VOID = frozenset({"meta", "input", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.seen.add(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def shown(title: str = "L1 Support") -> str:
    estate = contoso()
    on_call = estate.escalation
    assert on_call is not None
    teams = (on_call.teams[0].model_copy(update={"title": title}), *on_call.teams[1:])
    named = on_call.model_copy(update={"teams": teams})
    return page(table(estate, named, AT), time_zone=estate.time_zone, asked=False)


def test_the_page_is_well_formed_and_holds_every_rung() -> None:
    tags = Tags()
    tags.feed(shown())
    assert tags.open == []
    assert "script" not in tags.seen
    estate = contoso()
    assert estate.escalation is not None
    found = table(estate, estate.escalation, AT)
    rungs = sum(len(ladder.rungs) for policy in found.policies for ladder in policy.ladders)
    assert shown().count("<tr>") == rungs + len(found.teams) + 1 + len(found.policies)


def test_times_are_the_estate_s() -> None:
    text = shown()
    assert "Who answers now, Wed 17 Jun 2026, 11:00" in text
    assert "Times in Asia/Tokyo (JST, UTC+09:00)." in text
    assert "until Wed 17 Jun 2026, 18:00" in text
    assert "after 4 h" in text


def test_a_hostile_name_is_only_a_name() -> None:
    text = shown("<script>alert(1)</script>\u202e")
    assert "<script>" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "\u202e" not in text
