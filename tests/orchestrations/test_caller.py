"""Who calls: whatever stands in the header, it is a caller or a 401."""

import base64
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from infra.local.machine import encoded_principal
from orchestrations.triggers.caller import PRINCIPAL, Caller, caller_of
from orchestrations.triggers.problem import Problem
from shared.model.estate import Person, Role

BOB = Person(
    name="Bob",
    mail="bob@contoso.com",
    tenant_id="11111111-1111-4111-8111-111111111111",
    object_id="22222222-2222-4222-8222-00000000000B",
    roles=(Role.OPERATOR, Role.APPROVER),
)
CLAIMS = [("tid", "T"), ("oid", "O"), ("roles", "Approver")]


def header(principal: object) -> dict[str, str]:
    return {PRINCIPAL: base64.b64encode(json.dumps(principal).encode()).decode()}


def claimed(*claims: tuple[str, object]) -> Caller:
    return caller_of(
        header({"claims": [{"typ": kind, "val": value} for kind, value in claims]}), believed=True
    )


def refused(headers: dict[str, str], *, believed: bool = True) -> Problem:
    with pytest.raises(Problem) as caught:
        caller_of(headers, believed=believed)
    assert caught.value.status == 401
    return caught.value


def test_a_person_of_the_estate():
    caller = caller_of({PRINCIPAL: encoded_principal(BOB)}, believed=True)
    assert caller == Caller(
        BOB.id, "bob@contoso.com", frozenset({Role.OPERATOR, Role.APPROVER}), is_person=True
    )
    caller.must_be(Role.APPROVER)
    with pytest.raises(Problem, match="Reader") as caught:
        caller.must_be(Role.READER)
    assert caught.value.status == 403


def test_a_header_is_believed_only_where_authentication_is_on():
    assert "off" in refused({PRINCIPAL: encoded_principal(BOB)}, believed=False).detail
    assert "sign in" in refused({}).detail
    refused({PRINCIPAL: ""})


def test_long_claim_names_mean_the_same():
    caller = claimed(
        ("http://schemas.microsoft.com/identity/claims/tenantid", "T"),
        ("http://schemas.microsoft.com/identity/claims/objectidentifier", "O"),
        ("http://schemas.microsoft.com/ws/2008/06/identity/claims/role", "Reader"),
    )
    assert (caller.id, caller.name, caller.roles) == ("t/o", "O", frozenset({Role.READER}))


def test_unknown_roles_are_none():
    assert claimed(*CLAIMS, ("roles", "Owner"), ("roles", "approver")).roles == {Role.APPROVER}


def test_an_application_is_no_person():
    assert claimed(*CLAIMS).is_person
    assert not claimed(*CLAIMS, ("idtyp", "app")).is_person


@pytest.mark.parametrize("without", ["tid", "oid"])
def test_an_identity_is_tenant_and_object(without: str):
    kept = [{"typ": kind, "val": value} for kind, value in CLAIMS if kind != without]
    refused(header({"claims": kept}))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["claims", "typ", "val", "x"]), inner),
)


@given(st.text())
@example("=")
@example("é")
@example(base64.b64encode(b"[" * 100_000).decode())
@example(base64.b64encode(b"\xff\xfe").decode())
@example(base64.b64encode(b"9" * 5000).decode())
def test_garbage_is_a_401(text: str):
    refused({PRINCIPAL: text})


@given(JSON)
def test_json_that_is_no_principal_is_a_401(content: object):
    refused(header(content))


@given(st.lists(st.fixed_dictionaries({"typ": JSON, "val": JSON}) | JSON))
@example([{"typ": "tid", "val": None}, {"typ": "oid", "val": {}}])
def test_strange_claims_give_no_roles_and_no_other_error(claims: object):
    try:
        caller = caller_of(header({"claims": claims}), believed=True)
    except Problem as problem:
        found: object = problem.status
    else:
        found = caller.roles
    assert found in (401, frozenset())
