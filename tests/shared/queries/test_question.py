"""Values are bound into queries so that they stay values, whatever is in them."""

from datetime import UTC, datetime, timedelta

import duckdb_kql
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.queries.question import Question, literal, question, questions

ASKED = Question("echo", 'let given = "";\nprint answer = given\n', {"given": str})
FROM, TO = datetime.fromisoformat("1990-01-01"), datetime.fromisoformat("2100-01-01")
ENGINE = duckdb_kql.connect()
HOSTILE = st.text(alphabet=st.sampled_from("\"'\\|;/*()@`{}[]\n\r\t\x00 \u2028\u00a0ab<>=h"), max_size=40)


def answer(query: str) -> object:
    return duckdb_kql.query(ENGINE, query).fetchall()[0][0]


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=60), HOSTILE))
def test_any_text_comes_out_as_it_went_in_or_is_refused(text: str) -> None:
    if not text.isprintable():
        with pytest.raises(ValueError, match="cannot be printed"):
            ASKED.bound(given=text)
        return
    query = ASKED.bound(given=text)
    assert len(query.splitlines()) == 2
    assert answer(query) == text


@settings(max_examples=100, deadline=None)
@given(st.integers(-(2**63), 2**63 - 1))
def test_numbers_stay_themselves(number: int) -> None:
    assert answer(f"print x = {literal(number)}") == number


@settings(max_examples=100, deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15))
def test_fractions_stay_themselves(number: float) -> None:
    assert answer(f"print x = {literal(number)}") == pytest.approx(number)


@settings(max_examples=100, deadline=None)
@given(st.datetimes(FROM, TO, timezones=st.just(UTC)))
def test_times_stay_themselves(at: datetime) -> None:
    assert answer(f"print x = {literal(at)}") == at.replace(tzinfo=None)


@settings(max_examples=100, deadline=None)
@given(st.timedeltas(timedelta(days=-400), timedelta(days=400)))
def test_durations_stay_themselves(length: timedelta) -> None:
    assert answer(f"print x = {literal(length)}") == length


@pytest.mark.parametrize("value", [2**63, float("nan"), float("inf"), FROM, "a\u202eb", "\ud800"])
def test_what_no_query_can_say_is_refused(value: object) -> None:
    with pytest.raises(ValueError):
        literal(value)  # type: ignore[arg-type]


def test_a_parameter_must_be_there_and_be_of_its_type() -> None:
    asked = question("error_rate")
    with pytest.raises(TypeError, match="has no parameter nothing; it has tenant, minimum_requests"):
        asked.bound(nothing=1)
    with pytest.raises(TypeError, match="minimum_requests is a int, not a str"):
        asked.bound(minimum_requests="1 | take 1")
    with pytest.raises(TypeError, match="minimum_requests is a int, not a bool"):
        asked.bound(minimum_requests=True)


def test_what_is_not_bound_keeps_its_default() -> None:
    bound = question("error_rate").bound(tenant="contoso")
    assert 'let tenant = "contoso";' in bound
    assert "let minimum_requests = 50;" in bound


@pytest.mark.parametrize("name", ["", "nothing", "../model/estate", "error_rate.kql", "Error_Rate"])
def test_only_questions_that_exist_can_be_asked(name: str) -> None:
    with pytest.raises(KeyError, match="no question"):
        question(name)


@pytest.mark.parametrize("name", questions())
def test_every_question_is_a_query_as_it_stands(name: str) -> None:
    assert duckdb_kql.validate(question(name).text) == []
    assert duckdb_kql.validate(question(name).bound()) == []
