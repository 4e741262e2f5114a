"""A drill's scenario in a simulated Azure that outlives the app, and how its plan must end whatever comes between."""

import time
from collections import Counter, defaultdict
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any, Self

import httpx

from infra.local.drill import course
from infra.local.drill.api import Api
from infra.local.drill.runs import Described
from infra.local.drill.scenario import Scenario, scenario_of
from infra.local.drill.scene import Scene
from shared.estate.load import load
from shared.model.plan import Mode
from tests.e2e.azure import AzureThread
from tests.e2e.effects import effects
from tests.e2e.machine import Killed, MachineProcess, quiet_estate

SPEED = 120.0
OVER = {"succeeded", "failed", "aborted", "rejected"}


class Silent:
    """Nobody watches."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *ignored: object) -> None: ...
    def say(self, what: str) -> None: ...
    def show(self, picture: object) -> None: ...


@dataclass
class Play:
    """What a plan is for has happened, and the app is up: `start` is all that is left to do."""

    scenario: Scenario
    scene: Scene
    azure: AzureThread
    machine: MachineProcess
    before: int = 0

    @property
    def starter(self) -> str:
        """Who has started the run, as `MachineProcess.call` names people."""
        return Described.of(self.scene, self.scenario.plan, self.scenario.started_by).cast.starter.partition(
            "@"
        )[0]

    def start(self) -> str:
        """Start the plan and approve it; the run id."""
        plan = Described.of(self.scene, self.scenario.plan, self.scenario.started_by)
        run = course.start(self.scenario, self.scene, plan)
        run.approve("what the plan is for has happened")
        return run.run_id

    def effects(self) -> Counter[str]:
        """What has been done to Azure since everything was set up."""
        return effects(self.azure.ledger()[self.before :])

    def ended(self, run_id: str, *, seconds: float) -> dict[str, Any]:
        """See `recovered`."""
        return recovered(self.machine, run_id, seconds=seconds)

    def check_cured(self, record: dict[str, Any], expected: Counter[str]) -> None:
        """Every step succeeded, every effect happened as often as in an undisturbed run, the world is well."""
        assert record["status"] == "succeeded", failures(record)
        assert {step["status"] for step in record["steps"]} == {"succeeded"}
        done = self.effects()
        more, less = done - expected, expected - done
        less = [effect for effect in less if not any(effect.endswith(own) for own in self.scenario.spared)]
        assert (more, less) == (Counter(), []), {"more": more, "less": less}
        self.check_world(self.scenario.cured)

    def check_world(self, judge: Any) -> None:
        """What a scenario says of the world, some time later, which must be nothing."""
        deadline = time.monotonic() + max(course.SETTLE_SECONDS / self.scene.look().speed, 2.0)
        while (wrong := judge(self.scene, self.scene.look())) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not wrong, wrong


def recovered(machine: MachineProcess, run_id: str, *, seconds: float) -> dict[str, Any]:
    """The record once the orchestration has ended; the host is started again whenever it is down."""
    deadline = time.monotonic() + seconds
    record: dict[str, Any] = {}
    while time.monotonic() < deadline:
        if machine.process is not None and machine.process.poll() is not None:
            machine.process = None
            with suppress(Killed):
                machine.start()
            continue
        try:
            record = machine.record(run_id)
            if record["status"] in OVER and machine.kept(run_id):
                return record
        except httpx.HTTPError:
            time.sleep(0.05)
            continue
        assert record["status"] != "waiting_for_operator", failures(record)
        time.sleep(0.1)
    raise TimeoutError(f"{failures(record)}: {(machine.folder / 'machine.log').read_text()[-3000:]}")


def failures(record: dict[str, Any]) -> object:
    """Why a run is not where it should be."""
    return record.get("status"), [
        (step["name"], step["status"], step["error"])
        for step in record.get("steps", [])
        if step["status"] != "succeeded"
    ]


@contextmanager
def playing(folder: Path, plan: str, *, mode: Mode | None = None, speed: float = SPEED) -> Generator[Play]:
    """What that plan is for has just happened."""
    folder.mkdir(parents=True, exist_ok=True)
    scenario = scenario_of(plan)
    estate = quiet_estate(folder)
    estate.write_text(scenario.estate(estate.read_text(encoding="utf-8")), encoding="utf-8")
    with (
        AzureThread(folder / "azure.db", speed=speed) as azure,
        MachineProcess(folder, speed=speed, azure=azure.url, estate=estate) as machine,
    ):
        api = Api(str(machine.client.base_url), lambda: None, simulator=azure.url)
        scene = Scene(load(estate), mode or scenario.modes[0], api, Silent())
        course.set_up(scenario, scene)
        for run in machine.call("GET", "/api/runs").json()["runs"]:
            machine.wait_until_kept(run["run_id"])
        try:
            yield Play(scenario, scene, azure, machine, before=len(azure.ledger()))
        finally:
            azure.world.after_write = None
            api.close()


_known: dict[str, Counter[str]] = {}
_one_at_a_time: dict[str, Lock] = defaultdict(Lock)


def undisturbed(plan: str) -> Counter[str]:
    """What a run of that plan does to Azure when nothing comes between: every effect, and how often."""
    with _one_at_a_time[plan]:
        if plan not in _known:
            with TemporaryDirectory() as folder, playing(Path(folder), plan) as play:
                record = play.ended(play.start(), seconds=120)
                play.check_cured(record, done := play.effects())
                _known[plan] = done
        return _known[plan]
