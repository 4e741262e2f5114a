"""Approval links: the page opens for one person alone, its form decides once, and nothing forged counts."""

import random
import re
import string
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from orchestrations.approval_links import Link, LinkInvalid, opened, token_for
from shared.model.signing import Signer
from tests.infra.local.host.process import eventually
from tests.orchestrations.machine import ALICE, BOB, CAROL, DAVE, ERIN, Machine, asks, plan, step

SIGNER = Signer(b"k" * 32)
LINK = Link("recovery-test-1", "tenant/bob", "d" * 64)
HOUR = timedelta(hours=1)
GATED = plan(step("a"), approval=asks())


def links_in(machine: Machine, run: str) -> dict[str, str]:
    """The path of each approver's link, as it stands in the mail."""
    mails = eventually(lambda: machine.azure.mails(run), lambda found: len(found) >= 3 or None)
    found = {}
    for mail in mails:
        (to,) = mail["body"]["recipients"]["to"]
        (address,) = re.findall(r"http\S+/api/approvals/\S+", mail["body"]["content"]["plainText"])
        assert address in mail["body"]["content"]["html"]
        found[to["address"]] = urlsplit(address).path
    return found


def waiting_run(machine: Machine, made=GATED, **more):
    run = machine.start_run(made, **more)
    machine.until(run, "waiting_for_approval")
    return run


def ask(machine: Machine, method: str, path: str, who: str | None, **more):
    return machine.client.request(
        method, path, headers={**({"x-local-user": who} if who else {}), **more.pop("headers", {})}, **more
    )


def test_a_link_says_what_it_was_made_for_until_it_expires():
    token = token_for(SIGNER, LINK, HOUR)
    assert opened(SIGNER, token) == LINK
    now = datetime.now(UTC)
    assert opened(SIGNER, token, now=now + timedelta(minutes=59)) == LINK
    with pytest.raises(LinkInvalid, match="expired"):
        opened(SIGNER, token, now=now + timedelta(minutes=61))
    with pytest.raises(LinkInvalid, match="expired"):
        opened(SIGNER, token, now=now - timedelta(minutes=1))


def test_ten_thousand_links_that_this_app_did_not_make_open_nothing():
    chance = random.Random(7)
    good = [token_for(SIGNER, LINK._replace(run_id=f"recovery-test-{n}"), HOUR) for n in range(20)]
    letters = string.ascii_letters + string.digits + "-_."
    others = [Signer(bytes([n]) * 32) for n in range(20)]
    refused = 0
    for n in range(10_000):
        token = chance.choice(good)
        match n % 6:
            case 0:  # a letter altered
                at = chance.randrange(len(token) - 1)  # the last letter of base64 may carry unused bits
                forged = token[:at] + chance.choice(letters.replace(token[at], "")) + token[at + 1 :]
            case 1:  # made with another key
                forged = token_for(chance.choice(others), LINK, HOUR)
            case 2:  # the content of one under the signature of another
                forged = ".".join([*token.split(".")[:-1], chance.choice(good).split(".")[-1]])
            case 3:  # cut short
                forged = token[: chance.randrange(len(token))]
            case 4:  # expired
                forged = token
            case _:  # made up
                forged = "".join(chance.choices(letters, k=chance.randrange(1, 200)))
        if forged in good and n % 6 != 4:
            continue
        late = datetime.now(UTC) + timedelta(hours=2) if n % 6 == 4 else None
        with pytest.raises(LinkInvalid):
            opened(SIGNER, forged, now=late)
        refused += 1
    assert refused > 9_900


def test_the_page_shows_what_will_happen_and_its_form_decides(machine: Machine):
    run = waiting_run(machine)
    links = links_in(machine, run)
    assert set(links) == {BOB, CAROL, ERIN}
    page = ask(machine, "GET", links[BOB], BOB)
    assert page.status_code == 200, page.text
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"
    for shown in ("A test", run, "Approve", "Reject", BOB, ">a<"):
        assert shown in page.text, shown
    assert machine.record(run)["approvals"] == []
    decided = ask(machine, "POST", links[BOB], BOB, data={"decision": "approve", "reason": "I read the page"})
    assert decided.status_code == 200, decided.text
    assert "You approved it" in decided.text
    found = eventually(lambda: machine.record(run)["approvals"], lambda found: len(found) == 1)
    assert (found[0]["approver"], found[0]["reason"]) == (BOB, "I read the page")
    # A link is good for one decision.
    again = ask(machine, "POST", links[BOB], BOB, data={"decision": "reject", "reason": "changed my mind"})
    assert again.status_code == 409
    assert "decided already" in again.text
    assert "<form" not in ask(machine, "GET", links[BOB], BOB).text
    ask(machine, "POST", links[CAROL], CAROL, data={"decision": "approve", "reason": "me too"})
    assert machine.end_of(run)["status"] == "succeeded"
    over = ask(machine, "POST", links[ERIN], ERIN, data={"decision": "approve", "reason": "too late"})
    assert over.status_code == 409


def test_a_link_opens_for_nobody_else(machine: Machine):
    run = waiting_run(machine)
    links = links_in(machine, run)
    for who in (CAROL, ALICE, DAVE):
        for method in ("GET", "POST"):
            answer = ask(
                machine,
                method,
                links[BOB],
                who,
                data={"decision": "approve", "reason": "not mine"} if method == "POST" else None,
            )
            assert answer.status_code == 403, (who, method)
            assert "A test" not in answer.text
    signed_out = ask(machine, "GET", links[BOB], None)
    assert signed_out.status_code == 302
    assert signed_out.headers["location"].startswith(
        "/.auth/login/aad?post_login_redirect_uri=%2Fapi%2Fapprovals%2F"
    )
    assert ask(machine, "POST", links[BOB], None, data={"decision": "approve"}).status_code == 401
    assert machine.record(run)["approvals"] == []
    machine.steer(run, "abort")


def test_forged_links_and_forms_count_for_nothing(machine: Machine):
    run = waiting_run(machine)
    links = links_in(machine, run)
    good = links[BOB]
    form = {"decision": "approve", "reason": "forged"}
    own = token_for(
        Signer(b"another key that is long enough"), Link(run, machine.person(BOB), "d" * 64), HOUR
    )
    requester = token_for(machine.signer, Link(run, machine.person(ALICE), "d" * 64), HOUR)
    other_plan = token_for(machine.signer, Link(run, machine.person(BOB), "0" * 64), HOUR)
    nowhere = token_for(machine.signer, Link("recovery-none-1", machine.person(BOB), "0" * 64), HOUR)
    expired = token_for(machine.signer, Link(run, machine.person(BOB), "0" * 64), timedelta(0))
    assert ask(machine, "POST", f"/api/approvals/{own}", BOB, data=form).status_code == 403
    assert ask(machine, "POST", f"/api/approvals/{requester}", ALICE, data=form).status_code == 403
    assert ask(machine, "POST", f"/api/approvals/{other_plan}", BOB, data=form).status_code == 409
    assert ask(machine, "POST", f"/api/approvals/{nowhere}", BOB, data=form).status_code == 404
    assert ask(machine, "POST", f"/api/approvals/{good[:-2]}x", BOB, data=form).status_code in {403, 404}
    assert ask(machine, "POST", f"/api/approvals/{expired}", BOB, data=form).status_code in {403, 409}
    # Another site's form, garbage in ours.
    for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}):
        assert ask(machine, "POST", good, BOB, data=form, headers=headers).status_code == 403, headers
    for broken in (
        b"",
        b"\xff\xfe",
        b"decision=approve",
        b"decision=perhaps&reason=abc",
        b"a=1&b=2&c=3&d=4&e=5&f=6",
        b"x" * 20_000,
    ):
        assert ask(machine, "POST", good, BOB, content=broken).status_code in {400, 413}, broken[:30]
    assert machine.record(run)["approvals"] == []
    assert machine.record(run)["status"] == "waiting_for_approval"
    assert (
        ask(
            machine, "POST", good, BOB, data=form, headers={"origin": f"http://127.0.0.1:{machine.port}"}
        ).status_code
        == 200
    )
    machine.steer(run, "abort")


def test_the_requester_gets_no_link(machine: Machine):
    run = machine.start_run(GATED, by=BOB)
    machine.until(run, "waiting_for_approval")
    mails = eventually(lambda: machine.azure.mails(run), lambda found: len(found) >= 2 or None)
    assert sorted(to["address"] for mail in mails for to in mail["body"]["recipients"]["to"]) == [CAROL, ERIN]
    machine.steer(run, "abort")


def test_a_browser_signs_in_on_this_machine(machine: Machine):
    run = waiting_run(machine)
    link = links_in(machine, run)[BOB]
    sent = ask(machine, "GET", link, None)
    where = sent.headers["location"]
    assert "Sign in" in machine.client.get(where).text
    assert machine.client.post(where, data={"mail": "nobody@contoso.com"}).status_code == 200
    back = machine.client.post(where, data={"mail": BOB})
    assert back.status_code == 302
    assert back.headers["location"] == link
    session = back.headers["set-cookie"].split(";")[0]
    assert "Your decision" in machine.client.get(link, headers={"cookie": session}).text
    machine.client.cookies.clear()
    evil = machine.client.post(
        "/.auth/login/aad?post_login_redirect_uri=https://evil.example/", data={"mail": BOB}
    )
    assert evil.headers["location"] == "/"
    machine.client.cookies.clear()
    machine.steer(run, "abort")


def test_the_commander_alone_may_approve_after_a_while_and_others_review_it(machine: Machine):
    glass = {**asks(), "break_glass_after": "PT2S", "break_glass_by": "incident-commander"}
    run = waiting_run(machine, plan(step("a"), approval=glass))
    links = links_in(machine, run)
    body = {"decision": "approve", "reason": "nobody answers, tenants are down", "break_glass": True}

    def alone(who: str):
        return machine.call("POST", f"runs/{run}/approvals", who, json=body)

    early = alone(ERIN)
    if early.status_code != 202:
        assert early.status_code == 409
        assert "possible from" in early.json()["detail"]
        assert "may approve alone" in ask(machine, "GET", links[ERIN], ERIN).text
        eventually(lambda: "Approve alone" in ask(machine, "GET", links[ERIN], ERIN).text, bool)
        assert "Approve alone" not in ask(machine, "GET", links[BOB], BOB).text
        refused = alone(BOB)
        assert refused.status_code == 409
        assert "only incident-commander" in refused.json()["detail"]
        answer = ask(
            machine, "POST", links[ERIN], ERIN, data={"decision": "break_glass", "reason": body["reason"]}
        )
        assert answer.status_code == 200, answer.text
    record = machine.end_of(run)
    assert record["status"] == "succeeded"
    assert [found["break_glass"] for found in record["approvals"]] == [True]
    assert ERIN in record["review"]["because"]
    assert record["review"]["reviewed_by"] == ""
    eventually(
        lambda: [mail for mail in machine.azure.mails(run) if "Review needed" in str(mail["body"])], bool
    )
    notes = {"notes": "Right: both colleagues were on a plane."}
    assert machine.call("POST", f"runs/{run}/review", ERIN, json=notes).status_code == 403
    assert machine.call("POST", f"runs/{run}/review", DAVE, json=notes).status_code == 403
    assert machine.call("POST", f"runs/{run}/review", BOB, json={"notes": "ok"}).status_code == 400
    assert machine.call("POST", f"runs/{run}/review", BOB, json=notes).status_code == 202
    review = eventually(lambda: machine.record(run)["review"], lambda found: found["reviewed_by"])
    assert review["reviewed_by"] == BOB
    assert review["notes"] == notes["notes"]
    assert machine.call("POST", f"runs/{run}/review", CAROL, json=notes).status_code == 409


def test_break_glass_that_the_app_did_not_take_counts_for_nothing(machine: Machine):
    """Signed by us, but by no commander, or too early: the run's own check refuses it."""
    glass = {**asks(), "break_glass_after": "PT1H"}
    request = machine.request(plan(step("a"), approval=glass))
    run = machine.inject(request.to_wire(), request.run_id)
    machine.until(run, "waiting_for_approval")
    for who in (BOB, ERIN):
        machine.raise_event(run, "approval", machine.approval(request, who, break_glass=True).to_wire())
    log = eventually(
        lambda: [entry["what"] for entry in machine.record(run)["log"]], lambda found: len(found) >= 2 or None
    )
    assert any("only incident-commander" in what for what in log)
    assert any("possible from" in what for what in log)
    assert machine.record(run)["status"] == "waiting_for_approval"
    machine.steer(run, "abort")


def test_a_declaration_is_made_by_whoever_has_the_duty(machine: Machine):
    declared = plan(step("a"), approval={**asks(), "declared_by": "incident-commander"})
    run = waiting_run(machine, declared)
    for who in (BOB, CAROL):
        assert machine.approve(run, who).status_code == 202
    eventually(lambda: [e for e in machine.record(run)["log"] if "incident-commander" in e["what"]], bool)
    assert machine.record(run)["status"] == "waiting_for_approval"
    assert machine.approve(run, ERIN).status_code == 202
    assert machine.end_of(run)["status"] == "succeeded"
    # The commander may ask for it, too; then any two agree.
    run = machine.start_run(declared, by=ERIN)
    machine.until(run, "waiting_for_approval")
    for who in (BOB, CAROL):
        assert machine.approve(run, who).status_code == 202
    assert machine.end_of(run)["status"] == "succeeded"
