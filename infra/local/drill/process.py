"""Starts and ends the process with host and simulated Azure; what it says goes into a log file."""

import re
import subprocess
import sys
import time
from pathlib import Path

from infra.local.drill.failures import DrillFailed
from infra.local.machine import ROOT

STARTS_WITHIN = 60.0
"""Seconds; it takes two, but the first start after an installation compiles everything."""
ENDS_WITHIN = 1.0
_WELCOME = re.compile(r"^Foundry Ops at (http://\S+?): (.+)$", re.MULTILINE)
_AZURE = re.compile(r"simulated Azure at (http://[^\s,]+)")
_WELCOME_ENDS = "started again, everything goes on."


class ServedWorld:
    """`python -m infra.local` in a session of its own, so that Ctrl-C reaches the drill alone."""

    def __init__(self, state: Path, log: Path, *, port: int, speed: float, seed: int, estate: Path) -> None:
        self._log = log
        settings = {"port": port, "state": state, "speed": speed, "seed": seed, "estate": estate}
        self._command = [sys.executable, "-m", "infra.local.drill.served"]
        for name, value in settings.items():
            self._command += [f"--{name}", str(value)]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> tuple[str, str, str]:
        """Start it and wait until it serves; returns its address, what it says of itself, and Azure's address."""
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                self._command,
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < deadline:
            self.check()
            if said := _WELCOME.search(self._log.read_text("utf-8", "replace")):
                azure = _AZURE.search(said.group(2))
                return said.group(1), said.group(2), azure.group(1) if azure else ""
            time.sleep(0.05)
        raise DrillFailed(f"the host does not serve after {STARTS_WITHIN:.0f} s")

    def check(self) -> None:
        """Raise with the last words of the process when it has ended."""
        code = None if self._process is None else self._process.poll()
        if code is not None:
            # What it says when it starts explains nothing.
            words = self._log.read_text("utf-8", "replace").rpartition(_WELCOME_ENDS)[2].split("\n")
            last = next((f": {word.strip()}" for word in reversed(words) if word.strip()), "")
            how = f"was ended by signal {-code}" if code < 0 else f"ended with {code}"
            raise DrillFailed(f"the host {how}{last}")

    def stop(self) -> None:
        """End it, hard if it does not go by itself; a second call does nothing."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdin is not None:
            process.stdin.close()
