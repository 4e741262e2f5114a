"""`python -m tests.bench [imports|engine|alerts|recovery|plans|PLAN ...]`: measure, print, keep in .local/bench.json."""

import sys
import tempfile
from pathlib import Path

from rich.console import Console

from infra.local.drill import scenario
from tests.bench import alerts, engine, imports, plans, recovery
from tests.bench.figures import Figure, show

ROOT = Path(__file__).parents[2]


def main() -> int:
    wanted = set(sys.argv[1:]) or {"imports", "engine", "alerts", "recovery", "plans"}
    figures: list[Figure] = []
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory() as folder:
        if "imports" in wanted:
            console.print("import time ...")
            figures.append(imports.import_time())
        if "engine" in wanted:
            console.print("first answer, throughput, memory (about two minutes) ...")
            figures.append(engine.first_answer(Path(folder) / "first"))
            place = Path(folder) / "engine"
            place.mkdir()
            figures += engine.throughput_and_memory(place)
        if "alerts" in wanted:
            console.print("alerts taken, answered, endpoints watched (about two minutes) ...")
            figures.append(alerts.watched(Path(folder) / "watched"))
            figures.append(alerts.taken(Path(folder) / "taken"))
            figures.append(alerts.answered(Path(folder) / "answered"))
        if "recovery" in wanted:
            console.print("recovery of a region (about a minute) ...")
            figures += recovery.recovery_time(Path(folder) / "recovery")
        named = wanted & set(scenario.known())
        if named or "plans" in wanted:
            console.print("every plan beside its critical path, and its preview (about ten minutes) ...")
            figures += plans.figures(Path(folder) / "plans", named, console.print)
    return 0 if show(figures, ROOT / ".local" / "bench.json") else 1


if __name__ == "__main__":
    sys.exit(main())
