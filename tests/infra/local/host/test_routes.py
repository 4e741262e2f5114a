"""Route templates by themselves."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.host.routes import Endpoint, Route, RouteInvalid, find


@pytest.mark.parametrize(
    ("template", "path", "values"),
    [
        ("hello", "/hello", {}),
        ("hello", "/HELLO/", {}),
        ("hello", "/hello/there", None),
        ("", "/", {}),
        ("a/{b}", "/a/c", {"b": "c"}),
        ("a/{b}", "/a/c%2Fd%20e", {"b": "c/d e"}),
        ("a/{b}", "/a", None),
        ("a/{b}", "/a/", None),
        ("a/{b?}", "/a", {}),
        ("a/{b?}", "/a/c", {"b": "c"}),
        ("a/{b=x}", "/a", {"b": "x"}),
        ("a/{b:int?}", "/a", {}),
        ("a/{b:int?}", "/a/x", None),
        ("a/{b:int}", "/a/-5", {"b": "-5"}),
        ("a/{b:int}", "/a/2147483648", None),
        ("a/{b:long}", "/a/2147483648", {"b": "2147483648"}),
        ("a/{b:alpha}", "/a/b1", None),
        ("a/{b:bool}", "/a/True", {"b": "True"}),
        (
            "a/{b:guid}",
            "/a/6f9619ff-8b86-d011-b42d-00c04fc964ff",
            {"b": "6f9619ff-8b86-d011-b42d-00c04fc964ff"},
        ),
        ("a/{b:guid}", "/a/6f9619ff", None),
        ("a/{b:double}", "/a/1.5e3", {"b": "1.5e3"}),
        ("a/{b:datetime}", "/a/2026-01-02", {"b": "2026-01-02"}),
        ("a/{b:length(2)}", "/a/xy", {"b": "xy"}),
        ("a/{b:length(2,3)}", "/a/xyzw", None),
        ("a/{b:minlength(2)}", "/a/x", None),
        ("a/{b:maxlength(2)}", "/a/xyz", None),
        ("a/{b:min(5)}", "/a/4", None),
        ("a/{b:max(5)}", "/a/5", {"b": "5"}),
        ("a/{b:range(1,9)}", "/a/10", None),
        ("a/{b:int:min(5)}", "/a/4", None),
        ("a/{b:regex(^[a-c]+$)}", "/a/cab", {"b": "cab"}),
        ("a/{b:regex(^[a-c]+$)}", "/a/cabd", None),
        ("files/{name}.{extension}", "/files/report.html", {"name": "report", "extension": "html"}),
        ("runs/{id}/steps/{step}", "/runs/1/steps/2", {"id": "1", "step": "2"}),
        ("all/{*rest}", "/all", {}),
        ("all/{*rest}", "/all/a/b%20c", {"rest": "a/b c"}),
        ("all/{**rest}", "/all/a/b", {"rest": "a/b"}),
        ("{*rest}", "/", {}),
    ],
)
def test_matching(template: str, path: str, values: dict[str, str] | None):
    assert Route(template).match(path) == values


@pytest.mark.parametrize(
    "template", ["a/{", "a/{b", "a/b}", "{a?}/b", "{*a}/b", "a/{b:nonsense}", "a/{1}", "a/{b:min}"]
)
def test_templates_that_mean_nothing_are_refused(template: str):
    with pytest.raises(RouteInvalid):
        Route(template)


def test_the_most_particular_wins_in_whatever_order():
    templates = ["{*rest}", "a/{b}", "a/{b:int}", "a/literal", "{x}/{y}"]
    for order in (templates, templates[::-1]):
        endpoints = [Endpoint(Route(each), frozenset[str](), each) for each in order]
        assert find(endpoints, "GET", "/a/literal").target == "a/literal"
        assert find(endpoints, "GET", "/a/5").target == "a/{b:int}"
        assert find(endpoints, "GET", "/a/x").target == "a/{b}"
        assert find(endpoints, "GET", "/b/x").target == "{x}/{y}"
        assert find(endpoints, "GET", "/a/b/c").target == "{*rest}"


def test_methods_choose_among_routes():
    endpoints = [
        Endpoint(Route("a/b"), frozenset({"GET"}), "get"),
        Endpoint(Route("a/{x}"), frozenset({"POST"}), "post"),
    ]
    assert find(endpoints, "HEAD", "/a/b").target == "get"
    assert find(endpoints, "POST", "/a/b").target == "post"
    assert find(endpoints, "PUT", "/a/b").allowed == {"GET", "POST"}
    assert find(endpoints, "PUT", "/c").allowed == set()


names = st.text("abcdefghij", min_size=1, max_size=8)
values = st.text(min_size=1).filter(lambda each: each not in (".", ".."))


@given(st.lists(st.tuples(names, values), max_size=6, unique_by=lambda each: each[0]))
def test_whatever_is_put_into_a_path_comes_out_of_it(parameters: list[tuple[str, str]]):
    template = "/".join(f"{name}-is/{{{name}}}" for name, _ in parameters)
    path = "/" + "/".join(f"{name}-is/{quote(value, safe='')}" for name, value in parameters)
    assert Route(template).match(path) == dict(parameters)


@given(st.text("{}:*?=/abc()1%.\\", max_size=20), st.text("/abc1%.", max_size=20))
def test_no_template_and_path_break_the_matching(template: str, path: str):
    try:
        route = Route(template)
    except RouteInvalid:
        return
    assert route.match("/" + path) is None or isinstance(route.match("/" + path), dict)
