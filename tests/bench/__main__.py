"""`python -m tests.bench [imports|engine|alerts|recovery|plans|PLAN ...]`: measure, print, keep in .local/bench.json."""

import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console

from infra.local.drill import scenario
from tests.bench import alerts, engine, imports, plans, recovery
from tests.bench.figures import Figure, show

ROOT = Path(__file__).parents[2]


def main() -> int:
    wanted = set(sys.argv[1:]) or {"imports", "engine", "alerts", "recovery", "plans"}
    console = Console(stderr=True)
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as folder:
        for figure in measured(Path(folder), wanted, lambda what: console.print(what, highlight=False)):
            # At once: whoever breaks off knows what was measured until then.
            console.print(str(figure), style="green" if figure.ok else "red", highlight=False)
            figures.append(figure)
    return 0 if show(figures, ROOT / ".local" / "bench.json") else 1


def measured(folder: Path, wanted: set[str], say: Callable[[str], None]) -> Iterator[Figure]:
    """What is wanted, one figure after the other."""
    if "imports" in wanted:
        say("import time ...")
        yield imports.import_time()
    if "engine" in wanted:
        say("first answer, throughput, memory (about two minutes) ...")
        yield engine.first_answer(folder / "first")
        place = folder / "engine"
        place.mkdir()
        yield from engine.throughput_and_memory(place)
    if "alerts" in wanted:
        say("alerts taken, answered, endpoints watched (about two minutes) ...")
        yield alerts.watched(folder / "watched")
        yield alerts.taken(folder / "taken")
        yield alerts.answered(folder / "answered")
    if "recovery" in wanted:
        say("recovery of a region (about a minute) ...")
        yield from recovery.recovery_time(folder / "recovery")
    named = wanted & set(scenario.known())
    if named or "plans" in wanted:
        say("every plan beside its critical path, and its preview (about ten minutes) ...")
        yield from plans.figures(folder / "plans", named, say)


if __name__ == "__main__":
    sys.exit(main())
