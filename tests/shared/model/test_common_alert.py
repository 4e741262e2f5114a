"""Every payload shape that Azure Monitor sends becomes an alert, and nothing that is sent becomes a surprise."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.model.alert import Alert
from shared.model.common_alert import CommonAlert
from shared.model.severity import Severity

FOLDER = Path(__file__).parents[2] / "fixtures" / "alerts"
SHAPES = sorted(path.stem for path in FOLDER.glob("*.json"))


def content(shape: str) -> dict[str, Any]:
    return json.loads((FOLDER / f"{shape}.json").read_text(encoding="utf-8"))


def alert(shape: str) -> Alert:
    return CommonAlert.model_validate_json(json.dumps(content(shape))).alert()


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_is_understood(shape: str) -> None:
    found = alert(shape)
    assert found.rule
    assert found.fired_at.tzinfo is not None
    assert found.condition == ("resolved" if shape.endswith(("resolved", "over")) else "fired")
    assert found.facts or found.description, "people are told something"
    assert Alert.from_wire(found.to_wire()) == found


def test_a_rule_that_is_split_by_tenant_has_a_cause_for_each() -> None:
    one = alert("log_v2_fired")
    assert one.tenant
    other = one.model_copy(update={"dimensions": {**one.dimensions, next(iter(one.dimensions)): "somebody"}})
    assert other.fingerprint != one.fingerprint
    turned = one.model_copy(
        update={"rule": one.rule.upper(), "resources": tuple(r.upper() for r in one.resources)}
    )
    assert turned.fingerprint == one.fingerprint


def test_fired_and_resolved_are_of_one_cause() -> None:
    assert alert("metric_static_fired").fingerprint == alert("metric_static_resolved").fingerprint


def test_a_budget_says_less_than_others() -> None:
    found = alert("budget_actual_fired")
    assert found.severity is Severity.MEDIUM
    assert found.facts["SpentAmount"]
    assert found.resources


@pytest.mark.parametrize(
    "shape", ["activity_log_security_fired", "sentinel_log_v2_fired", "defender_log_v2_fired"]
)
def test_security_is_known_as_such(shape: str) -> None:
    assert alert(shape).security


def test_other_alerts_are_not_security() -> None:
    assert not alert("metric_static_fired").security


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=50),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4),
    max_leaves=12,
)


def replaced(value: Any, path: list[int], by: Any) -> Any:
    """The same JSON with one value, found by walking, replaced."""
    if not path or not isinstance(value, dict | list) or not value:
        return by
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    key = keys[path[0] % len(keys)]
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[key] = replaced(value[key], path[1:], by)
    return copy


@given(st.sampled_from(SHAPES), st.lists(st.integers(0, 30), min_size=1, max_size=6), anything)
def test_a_shape_with_anything_in_it_is_an_alert_or_refused(shape: str, path: list[int], by: Any) -> None:
    body = json.dumps(replaced(content(shape), path, by))
    try:
        found = CommonAlert.model_validate_json(body).alert()
    except ValidationError:
        return
    assert len(found.dimensions) <= 20
    assert len(found.facts) <= 20
    assert all(len(text) <= 300 for text in (*found.dimensions.values(), *found.facts.values()))
    assert len(found.fingerprint) == 16
    json.dumps(found.to_wire()).encode()


def test_where_the_window_begins_is_known_of_rules_that_measure() -> None:
    begins = content("metric_static_fired")["data"]["alertContext"]["condition"]["windowStartTime"]
    assert alert("metric_static_fired").measured_since == datetime.fromisoformat(begins)
    odd = content("metric_static_fired")
    odd["data"]["alertContext"]["condition"]["windowStartTime"] = "yesterday"
    assert CommonAlert.model_validate_json(json.dumps(odd)).alert().measured_since is None
