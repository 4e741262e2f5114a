"""Imports ahead of time what would else be imported in the midst of a call: SDKs, plans, reports.

Nobody lists what that is: it is every module of this app, and every module that one of them names in an import, above
all the SDKs that gateways import inside their functions. It goes on beside the calls, on a thread of its own, which
rests after each module for as long as that took.
"""

import ast
import gc
import importlib
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread

from shared.importing import IMPORTING

BEGINS_AFTER = 1.0
"""Seconds after the first call: whoever starts an app wants an answer first."""

WARM = Event()
"""Set when all has been imported."""

APP = Path(__file__).parent.parent
PACKAGES = ("orchestrations", "shared")
log = logging.getLogger(__name__)


def begin(last: Callable[[], object]) -> None:
    """Start it; a process does so once. `last` is called when all is imported."""
    Thread(target=_warm_up, args=[last], name="warming", daemon=True).start()


def _warm_up(last: Callable[[], object]) -> None:
    time.sleep(BEGINS_AFTER)
    for name in dict.fromkeys(modules()):
        began = time.monotonic()
        _tried(name, lambda name=name: importlib.import_module(name))
        time.sleep(time.monotonic() - began)
    _tried(last.__name__, last)
    # What has been imported stays: a collection that looks through all of it again holds up every call for 0.2 s.
    gc.freeze()
    WARM.set()
    log.info("warm: what calls need is imported")


def _tried(what: str, do: Callable[[], object]) -> None:
    try:
        with IMPORTING:
            do()
    except Exception as error:  # noqa: BLE001 - whoever needs it meets the error where it can be handled
        log.warning("warming up, %s: %s", what, error)


def modules() -> Iterator[str]:
    """Every module of the app by name, each followed by what it imports, inside its functions too."""
    for package in PACKAGES:
        for file in sorted((APP / package).rglob("*.py")):
            if file.stem == "__main__":
                continue
            yield ".".join(file.relative_to(APP).with_suffix("").parts).removesuffix(".__init__")
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ImportFrom) and node.module:
                    yield node.module
                elif isinstance(node, ast.Import):
                    yield from (alias.name for alias in node.names)
