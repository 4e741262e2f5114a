"""Actions on a tiny world in one SQLite file: each call answers as its script says, and everything is noted."""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.actions.action import Action, Call
from shared.errors import CheckFailed, EffectUnknown
from shared.model.outcome import Finding, Outcome, Pending
from shared.model.severity import Severity
from shared.model.wire import Frozen


class Params(Frozen):
    """`script`: what the calls of the step answer, one after the other, the last one for good.

    `again`: what each poll answers as `retry_after`.
    """

    script: tuple[str, ...] = ("ok",)
    seconds: float = 0.0
    polls: int = 0
    again: float | None = None
    text: str = ""
    findings: int = 0


@dataclass(frozen=True)
class World:
    """The file, as the actions write it and the tests read it."""

    path: Path

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self.path, isolation_level=None, timeout=20)
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("CREATE TABLE IF NOT EXISTS note (at REAL, run TEXT, step TEXT, what TEXT)")
            yield connection
            connection.execute("COMMIT")
        finally:
            connection.close()

    def note(self, run: str, step: str, what: str) -> None:
        with self.transaction() as tx:
            tx.execute("INSERT INTO note VALUES (?, ?, ?, ?)", (time.time(), run, step, what))

    def once(self, run: str, step: str, what: str) -> bool:
        """Note it unless it stands there; whether that was needed."""
        with self.transaction() as tx:
            if tx.execute(
                "SELECT 1 FROM note WHERE (run, step, what) = (?, ?, ?)", (run, step, what)
            ).fetchone():
                return False
            tx.execute("INSERT INTO note VALUES (?, ?, ?, ?)", (time.time(), run, step, what))
            return True

    def notes(self, run: str, what: str, step: str | None = None) -> list[tuple[float, str]]:
        """When and by which step, in order."""
        with self.transaction() as tx:
            rows = tx.execute(
                "SELECT at, step FROM note WHERE run = ? AND what = ? ORDER BY rowid", (run, what)
            )
            return [(at, name) for at, name in rows.fetchall() if step in (None, name)]

    def steps(self, run: str, what: str) -> list[str]:
        return [step for _, step in self.notes(run, what)]

    def count(self, run: str, what: str, step: str) -> int:
        return len(self.notes(run, what, step))


def scripted(params: Params, call: Call) -> Outcome | Pending:
    """Do what the script says next."""
    world = World(Path(os.environ["SCRIPTED_WORLD"]))
    world.note(call.run_id, call.step, "called")
    if "polls" not in call.progress:
        # What a call that was killed would have answered is still to be answered.
        answered = world.count(call.run_id, "answered", call.step)
        todo = params.script[min(answered, len(params.script) - 1)]
        time.sleep(params.seconds)
    else:
        todo = "ok"
    answer: Outcome | Pending | Exception
    match todo:
        case "retryable":
            answer = CheckFailed("not yet", retryable=True)
        case "fatal":
            answer = CheckFailed(params.text or "it cannot be done")
        case "unknown":
            answer = EffectUnknown("the answer got lost")
        case "defect":
            answer = ZeroDivisionError("a defect")
        case "lost":
            # Azure was asked to change something, and then the call was lost.
            platform = call.estate.platform
            place = (
                platform.records_account_url,
                platform.records_container,
                f"{call.run_id}/{call.step}.txt",
            )
            call.azure.blobs.write(*place, b"changed", "text/plain")
            answer = CheckFailed("not yet", retryable=True)
        case "unchanged":
            answer = Outcome(summary="all is well already: nothing was done")
        case _:
            answer = _polled(params, call, world)
    if not isinstance(answer, Pending):
        world.note(call.run_id, call.step, "answered")
    if isinstance(answer, Exception):
        raise answer
    return answer


def _polled(params: Params, call: Call, world: World) -> Outcome | Pending:
    polls = int(call.progress.get("polls", 0))
    if polls < params.polls:
        return Pending(summary=f"poll {polls + 1}", progress={"polls": polls + 1}, retry_after=params.again)
    changed = world.once(call.run_id, call.step, "effect")
    finding = Finding(
        check="scripted", resource="r", severity=Severity.LOW, title="t" * 100, evidence={"much": "x" * 2000}
    )
    return Outcome(
        summary=params.text or f"done with {call.before or 'nothing'} after {polls} polls",
        changed=changed,
        findings=(finding,) * params.findings,
    )


def observed(params: Params, call: Call) -> dict[str, Any]:
    """What the world was before a two-phase step."""
    world = World(Path(os.environ["SCRIPTED_WORLD"]))
    world.note(call.run_id, call.step, "observed")
    return {"seen": world.count(call.run_id, "effect", call.step)}


def tended(params: Params, call: Call) -> Outcome | Pending:
    """Do something only where there is something to do."""
    return scripted(params, call) if call.before["act"] else Outcome(summary="there is nothing to do")


def looked(params: Params, call: Call) -> dict[str, Any]:
    """Nothing is to be done where the script says so."""
    World(Path(os.environ["SCRIPTED_WORLD"])).note(call.run_id, call.step, "looked")
    if params.script == ("blind",):
        raise CheckFailed("nothing can be seen")
    return {"act": params.script != ("idle",)}


def _action(name: str, **fields: Any) -> Action:
    known: dict[str, Any] = {
        "params": Params,
        "run": scripted,
        "changes": True,
        "summary": "Does as told",
        **fields,
    }
    return Action(name=name, **known)


ACTIONS = {
    action.name: action
    for action in (
        _action("scripted"),
        _action("scripted_look", changes=False),
        _action("scripted_twice", observe=observed),
        _action("scripted_tender", observe=looked, run=tended, looks_first=True),
    )
}
