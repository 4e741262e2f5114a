"""A simulated Azure with the app's own gateways over it, and a driver that calls actions as the interpreter does."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from infra.local.azure import World
from infra.local.azure.core import control
from shared.actions.action import Call
from shared.actions.catalog import catalog
from shared.errors import AzureCallFailed, CheckFailed
from shared.estate.load import load
from shared.gateways.azure import Azure
from shared.model.estate import Estate, Service
from shared.model.outcome import Outcome, Pending
from shared.model.plan import Mode, Step
from shared.model.run import RunRecord
from tests.infra.local.azure.data_planes import Lab

CONTOSO = Path(__file__).parents[3] / "shared" / "estate" / "contoso.yaml"
RUN_ID = "recovery-region_outage-20260101T000000-0a1b2c3d"
POLL = 20.0
MOST_CALLS = 120


class StepFailed(Exception):  # noqa: N818 - what the interpreter would show an operator
    """The step would now wait for an operator."""

    def __init__(self, error: Exception, tries: int) -> None:
        self.error, self.tries = error, tries
        super().__init__(str(error))


@dataclass
class Done:
    """How a step ended, and what it said on the way."""

    outcome: Outcome
    summaries: list[str] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)


@cache
def contoso() -> Estate:
    return load(CONTOSO)


def services_in(region: str) -> tuple[Service, ...]:
    """The sample estate's services that live in a region."""
    return tuple(service for service in contoso().services if service.region == region)


class QuickLab(Lab):
    """A lab whose controls are called in process: these tests look at the world hundreds of times."""

    def fault(self, kind: str, target: str, **details: Any) -> str:
        return self.inside(lambda world: world.faults.inject(kind, target, **details))["id"]

    def end(self, fault: str) -> None:
        self.inside(lambda world: world.faults.end(fault))

    def truth(self) -> Any:
        return self.inside(lambda world: json.loads(json.dumps(control.truth(world))))

    def ledger(self) -> Any:
        # Outside of a transaction, so that what the last request wrote is in it.
        return self._call(self.world.ledger)


class Stage:
    """One test's world. Time stands still while an action is at work, and goes on between its calls."""

    def __init__(self, lab: QuickLab) -> None:
        self.lab = lab
        self.estate = contoso()
        platform = self.estate.platform
        self.azure = Azure(
            lab.connection,
            mail_endpoint=platform.mail_endpoint,
            mail_sender=platform.mail_sender,
            workspace_id=self.estate.telemetry.workspace_id if self.estate.telemetry else None,
            escalation=self.estate.escalation,
        )
        self._mark = 0
        # Whether nobody agreed to what is carried out.
        self.guarded = False

    # --- what really is

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.lab.clock.now(), UTC)

    @property
    def truth(self) -> Any:
        return self.lab.truth()

    def properties(self, resource_id: str) -> Any:
        """The properties of a resource as it really is; KeyError when there is none."""
        found = {key.lower(): row for key, row in self.truth["resources"].items()}
        return found[resource_id.lower()]["properties"]

    def exists(self, resource_id: str) -> bool:
        return resource_id.lower() in {key.lower() for key in self.truth["resources"]}

    def change(self, resource_id: str, update: Callable[[Any], Any]) -> None:
        """Change a resource behind Azure's back: `update` gets the document and changes it."""

        def work(world: World) -> None:
            resource = world.resource(resource_id)
            update(resource)
            world.put_resource(resource)

        self.lab.inside(work)

    def outage(self, region: str = "japaneast") -> str:
        return self.lab.outage(region)

    def healthy(self, tenant: str = "contoso") -> bool:
        return bool(self.lab.tenant(tenant)["healthy"])

    # --- what was written

    def from_now(self) -> None:
        """Forget the writes up to here."""
        self._mark = len(self.lab.ledger())

    @property
    def writes(self) -> list[Any]:
        """Every write that Azure received since then."""
        return self.lab.ledger()[self._mark :]

    @property
    def effects(self) -> Counter[tuple[str, str]]:
        """Every write that changed something since then, and how often."""
        return Counter(
            (entry["method"], entry["host"] + entry["path"]) for entry in self.writes if entry["applied"]
        )

    # --- the driver

    def call_once(
        self,
        step: Step,
        *,
        mode: Mode,
        progress: dict[str, Any] | None = None,
        before: dict[str, Any] | None = None,
        record: RunRecord | None = None,
        run_id: str = RUN_ID,
    ) -> Outcome | Pending:
        """One activity: everything goes over the wire as JSON, as in `orchestrations.activities.perform`."""
        action = catalog()[step.action]
        call = self._call(step, mode, progress, before, record, run_id)
        result = action(action.params.from_wire(json.loads(json.dumps(step.params))), call)
        kind = Pending if isinstance(result, Pending) else Outcome
        return kind.from_wire(json.loads(json.dumps(result.to_wire())))

    def observe(self, step: Step, *, mode: Mode, run_id: str = RUN_ID) -> dict[str, Any]:
        """The first phase of a two-phase step, as history keeps it; nothing for other steps."""
        action = catalog()[step.action]
        if action.observe is None:
            return {}
        call = self._call(step, mode, None, None, None, run_id)
        params = action.params.from_wire(json.loads(json.dumps(step.params)))
        return json.loads(json.dumps(action.observe(params, call)))

    def _call(
        self,
        step: Step,
        mode: Mode,
        progress: dict[str, Any] | None,
        before: dict[str, Any] | None,
        record: RunRecord | None,
        run_id: str,
    ) -> Call:
        return Call(
            estate=self.estate,
            azure=self.azure,
            run_id=run_id,
            step=step.name,
            mode=mode,
            now=self.now,
            progress=json.loads(json.dumps(progress or {})),
            before=json.loads(json.dumps(before or {})),
            record=record,
            guarded=self.guarded,
        )

    def carry_out(
        self,
        step: Step,
        *,
        mode: Mode = Mode.REAL,
        forget: Callable[[int], bool] = lambda _number: False,
        record: RunRecord | None = None,
        run_id: str = RUN_ID,
        poll: float = POLL,
        attempts: int | None = None,
        before: dict[str, Any] | None = None,
    ) -> Done:
        """Call until there is an outcome. `forget(n)`: the process dies before call n's answer is kept.

        `before`: what an earlier `observe` of the same step saw; it is asked when nothing is given.
        """
        progress: dict[str, Any] = {}
        strikes, done = 0, Done(Outcome(summary=""))
        if before is None:
            before = self.observe(step, mode=mode, run_id=run_id)
        for number in range(1, MOST_CALLS + 1):
            try:
                result = self.call_once(
                    step, mode=mode, progress=progress, before=before, record=record, run_id=run_id
                )
            except (AzureCallFailed, CheckFailed) as error:
                strikes += 1
                done.errors.append(error)
                if not error.retryable or strikes >= (attempts or step.retry.attempts):
                    raise StepFailed(error, number) from error
                asked = getattr(error, "retry_after", None) or 0.0
                self.lab.advance(max(asked, step.retry.wait_before(strikes + 1)))
                continue
            strikes = 0
            if forget(number):
                self.lab.advance(1)
                continue
            if isinstance(result, Outcome):
                done.outcome = result
                return done
            done.summaries.append(result.summary)
            progress = result.progress
            self.lab.advance(result.retry_after if result.retry_after is not None else poll)
        raise AssertionError(f"{step.name} goes on for ever: {done.summaries[-3:]} {done.errors[-3:]}")


@contextmanager
def open_stage() -> Iterator[Stage]:
    lab = QuickLab()
    try:
        yield Stage(lab)
    finally:
        lab.close()
