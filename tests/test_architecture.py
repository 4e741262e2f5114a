"""The rules of the tree that no linter knows."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from infra.local.drill import scenario
from orchestrations import registered
from orchestrations.triggers.contract import ENDPOINTS, Endpoint
from shared.actions.action import Action
from shared.actions.catalog import catalog as actions
from shared.estate.load import load
from shared.importing import late
from shared.model.plan import PlanKind
from shared.plans.catalog import catalog as plans
from shared.plans.document import RUNBOOKS, documents
from shared.plans.planning import PlanMaker
from shared.settings import Settings

ROOT = Path(__file__).parent.parent
CONTOSO = ROOT / "shared" / "estate" / "contoso.yaml"
SOURCES = sorted(
    path for folder in ("shared", "orchestrations", "infra") for path in (ROOT / folder).rglob("*.py")
)


def file_of(name: str, below: str) -> Path:
    found = list((ROOT / "shared" / below).rglob(f"{name}.py"))
    assert len(found) == 1, f"{name}: {found}"
    return found[0]


@pytest.mark.parametrize("action", actions().values(), ids=lambda action: action.name)
def test_an_action_is_one_file_with_its_test_and_a_sentence(action: Action) -> None:
    file = file_of(action.name, "actions")
    test = ROOT / "tests" / file.relative_to(ROOT).with_name(f"test_{action.name}.py")
    assert test.exists(), f"{action.name} has no test: {test.relative_to(ROOT)}"
    assert action.summary.endswith("."), f"{action.name}: its docstring must begin with a sentence"
    assert action.params.__name__ == "Params"


@pytest.mark.parametrize("plan", plans().values(), ids=lambda plan: plan.name)
def test_a_plan_is_one_file_with_its_test(plan: PlanMaker) -> None:
    file = file_of(plan.name, "plans")
    test = ROOT / "tests" / file.relative_to(ROOT).with_name(f"test_{plan.name}.py")
    assert test.exists(), f"{plan.name} has no test: {test.relative_to(ROOT)}"


NOT_YET_DRILLED: set[str] = set()
"""Plans without a scenario; whoever adds one takes its plan out of here."""


def test_every_recovery_can_be_drilled() -> None:
    recoveries = {plan.name for plan in plans().values() if plan.kind in {PlanKind.RECOVERY, PlanKind.DRILL}}
    drilled = set(scenario.known())
    assert recoveries - drilled <= NOT_YET_DRILLED, "add infra/local/drill/scenarios/<plan>.py"
    assert not drilled & NOT_YET_DRILLED, "these have a scenario now: take them out of NOT_YET_DRILLED"
    assert drilled <= set(plans())
    assert {scenario.scenario_of(name).plan for name in drilled} == drilled


def test_the_estate_names_only_plans_that_exist() -> None:
    estate = load(CONTOSO)
    named = {rule.plan for rule in estate.remediation} | {schedule.plan for schedule in estate.schedules}
    named |= {rule.in_outage for rule in estate.remediation if rule.in_outage}
    assert named <= set(plans())


def test_the_documents_are_fresh() -> None:
    wanted = documents(load(CONTOSO))
    assert set(RUNBOOKS.glob("*.md")) <= set(wanted), "these plans are gone: run `make docs`"
    for file, content in wanted.items():
        assert file.exists(), f"{file.name} is missing: run `make docs`"
        assert file.read_text(encoding="utf-8") == content, f"{file.name} is stale: run `make docs`"


CALL = re.compile(r'^curl -sS -H "\$AUTH" "\$APP/api/([^"?]+)\S*"( \\\n +-d .+)?$', re.MULTILINE)


@pytest.mark.parametrize("name", plans())
def test_a_runbook_makes_only_calls_of_the_http_contract(name: str) -> None:
    contract = {(row.method, re.sub(r"{\w+}", "*", row.route)) for row in ENDPOINTS}
    text = (RUNBOOKS / f"{name}.md").read_text(encoding="utf-8")
    calls = {
        ("POST" if body else "GET", path.replace("RUN_ID", "*").replace(f"/{name}", "/*"))
        for path, body in CALL.findall(text)
    }
    assert len(CALL.findall(text)) == text.count("\ncurl "), "a call that this test cannot read"
    assert calls <= contract, calls - contract
    assert {("GET", "runs/*"), ("POST", "runs/*/abort")} <= calls


def test_every_setting_stands_in_the_sample_settings() -> None:
    sample = json.loads((ROOT / "local.settings.sample.json").read_text(encoding="utf-8"))["Values"]
    assert {name.upper() for name in Settings.model_fields} <= set(sample)


@pytest.mark.parametrize("row", ENDPOINTS, ids=lambda row: f"{row.method} {row.route}")
def test_every_row_of_the_http_contract_leads_to_a_handler_and_stands_in_the_readme(row: Endpoint) -> None:
    assert callable(late(f"orchestrations.triggers.{row.handler}"))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    wanted = row.route.replace("{name}", "{plan}").split("/")[0]
    assert f"/api/{wanted}" in readme or f"`/{wanted}/" in readme


def test_function_app_only_registers() -> None:
    source = (ROOT / "function_app.py").read_text(encoding="utf-8")
    assert len(source.splitlines()) < 40
    assert not [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]


REGISTERED = {
    *registered.ORCHESTRATIONS,
    *registered.ENTITIES,
    *registered.ACTIVITIES,
    *registered.ACTIVITIES_WITH_CLIENT,
    *registered.TIMERS,
    *registered.PAGES.values(),
}


@pytest.mark.parametrize("name", sorted(REGISTERED))
def test_what_is_registered_leads_to_a_function_of_its_name(name: str) -> None:
    assert late(f"orchestrations.{name}").__name__ == name.rsplit(".", 1)[-1]


def test_every_activity_and_entity_is_registered() -> None:
    """They are known by their first parameter: `_ctx` is an activity's, an `EntityContext` an entity's."""
    written = {
        f"{path.stem}.{node.name}"
        for path in (ROOT / "orchestrations").glob("*.py")
        if path.stem != "registered"
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.args.args
        for first in node.args.args[:1]
        if first.arg == "_ctx" or (first.annotation and ast.unparse(first.annotation) == "EntityContext")
    }
    assert len(written) > 20
    assert written <= REGISTERED, f"add to orchestrations/registered.py: {written - REGISTERED}"


def test_a_cold_start_imports_no_model_no_plan_and_no_sdk() -> None:
    code = "import function_app, json, sys, threading; print(json.dumps([*sys.modules, threading.active_count()]))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    *modules, threads = json.loads(done.stdout)
    ours = {module for module in modules if module.startswith("shared.model.")}
    assert ours <= {"shared.model.role"}, "what function_app imports may import no model"
    heavy = re.compile(r"(pydantic|httpx|requests|yaml|jinja2|azure\.(?!functions|durable_functions))\b")
    assert not [module for module in modules if heavy.match(module)]
    assert threads == 1


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_says_what_it_is_and_can_be_held_in_the_head(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(source)), f"{path.name} has no docstring"
    assert len(source.splitlines()) <= 520


def test_only_gateways_import_azure_sdks() -> None:
    for path in (ROOT / "shared").rglob("*.py"):
        modules = {
            (node.module or "") if isinstance(node, ast.ImportFrom) else node.names[0].name
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Import | ast.ImportFrom)
        }
        used = {module for module in modules if module.split(".")[0] == "azure"}
        if "gateways" in path.parts:
            assert not {module for module in used if module.startswith(("azure.functions", "azure.durable"))}
        else:
            assert not used, f"{path.relative_to(ROOT)} imports {used}"
