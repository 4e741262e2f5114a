"""What is imported ahead is all that calls import, and nothing that goes wrong with it harms anybody."""

import gc
import logging
import re
from pathlib import Path

import pytest

from shared import warming

ROOT = Path(__file__).parents[2]
LATE = re.compile(
    r"^ +(?:from|import) ((?:azure|apprise|holidays|httpx|requests|typst|jinja2)[\w.]*)", re.MULTILINE
)


def test_every_module_of_the_app_and_every_late_import_is_among_them() -> None:
    found = set(warming.modules())
    sources = [path for folder in warming.PACKAGES for path in (ROOT / folder).rglob("*.py")]
    late = {name for path in sources for name in LATE.findall(path.read_text(encoding="utf-8"))}
    assert {"azure.mgmt.cosmosdb", "azure.storage.blob", "holidays.countries"} <= late
    assert late <= found
    assert {
        "orchestrations.triggers.previews",
        "shared.plans.recovery.region_outage",
        "shared.gateways",
    } <= found


def test_what_cannot_be_imported_is_logged_and_the_rest_is_done(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(warming, "BEGINS_AFTER", 0.0)
    monkeypatch.setattr(warming, "WARM", warming.Event())
    monkeypatch.setattr(warming, "modules", lambda: iter(["no_such_sdk", "shared.errors"]))

    def no_estate() -> None:
        raise ValueError("the estate is broken")

    with caplog.at_level(logging.WARNING):
        warming.begin(no_estate)
        assert warming.WARM.wait(10)
    assert gc.get_freeze_count() > 0, "no later collection looks through what has been imported"
    gc.unfreeze()
    assert [record.getMessage() for record in caplog.records] == [
        "warming up, no_such_sdk: No module named 'no_such_sdk'",
        "warming up, no_estate: the estate is broken",
    ]
