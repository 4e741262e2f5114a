"""What Microsoft's own analyser lets pass in a query, and still makes it wrong."""

import re

import pytest

from infra.local.azure.services.telemetry import columns as workspace
from shared.queries.question import question, questions

COLUMNS = {column.lower() for columns in workspace.COLUMNS.values() for column in columns}


def code(name: str) -> str:
    """A query without its comments."""
    return re.sub(r"//[^\n]*", "", question(name).text)


@pytest.mark.parametrize("name", questions())
def test_no_parameter_is_shadowed_by_a_column(name: str) -> None:
    # `let TenantId = ...` compares the column with itself.
    assert not {one for one in question(name).parameters if one.lower() in COLUMNS}


@pytest.mark.parametrize("name", questions())
def test_time_is_given_by_who_asks(name: str) -> None:
    assert not re.search(r"\b(ago|now)\s*\(", code(name))
    assert not re.search(r"where[^|]*\bTimeGenerated\b", code(name))


@pytest.mark.parametrize("name", questions())
def test_sampled_rows_are_summed_and_not_counted(name: str) -> None:
    sampled = re.search(r"\bApp[A-Z]\w+", code(name))
    assert not (sampled and re.search(r"\b(count|countif)\s*\(", code(name)))


@pytest.mark.parametrize("name", questions())
def test_result_codes_are_compared_as_numbers_and_truths_with_truths(name: str) -> None:
    assert not re.search(r"(?<!toint\()\bResultCode\s*[<>]", code(name))
    assert not re.search(r"\bSuccess\s*[=!]=\s*\"", code(name))


@pytest.mark.parametrize("name", questions())
def test_nothing_is_drawn_or_asked_that_only_kusto_can(name: str) -> None:
    assert not re.search(r"\b(render|evaluate|make-series|serialize|prev|next|percentilew)\b", code(name))


@pytest.mark.parametrize("name", questions())
def test_every_question_says_first_what_it_answers(name: str) -> None:
    assert question(name).text.startswith("// ")
    assert question(name).text.rstrip().splitlines()[-1].lstrip().startswith("|") or "project" in code(name)
