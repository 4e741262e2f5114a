"""What the app adds to the import of the libraries that it cannot do without."""

import subprocess
import sys
from pathlib import Path

from tests.bench.figures import Figure

ROOT = Path(__file__).parents[2]
LIBRARIES = "import azure.functions, azure.durable_functions, pydantic"
APP = "import function_app"


def import_time() -> Figure:
    """The best of nine of each, in turns, each in a process of its own with byte code at hand; processor time."""
    libraries, app = 99.0, 99.0
    for _ in range(9):
        libraries, app = min(libraries, _seconds(LIBRARIES)), min(app, _seconds(APP))
    return Figure(
        "import of function_app",
        app / libraries,
        1.3,
        f"{app * 1000:.0f} ms",
        f"{libraries * 1000:.0f} ms for azure.functions, azure.durable_functions, pydantic",
    )


def _seconds(statement: str) -> float:
    code = f"import time; began = time.process_time(); {statement}; print(time.process_time() - began)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={"PATH": ""}, capture_output=True, text=True, check=True
    )
    return float(done.stdout.strip().splitlines()[-1])
