"""What this process has lately handed on, so that what comes again and again costs little.

Only a shortcut: the entity of a cause knows as well, across processes and restarts.
"""

import time
from collections import OrderedDict
from threading import Lock

from orchestrations.entities import worse
from shared.model.alert import Alert
from shared.model.wire import Wire

WAKE_EVERY, WAKE_SELDOM = 10.0, 300.0
"""Seconds; an incident looks again by itself, so a cause that flaps wakes it ever more seldom: history is dear."""
CALM = 3600.0
"""Seconds without news after which an incident is woken as promptly as at first."""
WAKE_GAP = 0.1
"""Seconds between two incidents that are woken by what they know already: a storm meets many causes at once."""
STANDS = 3.0
"""Seconds for which an incident that was open is not asked for again by alerts that say the same once more."""


class Lately:
    """Answers to repeats, whom to wake and when, and which incidents were open a moment ago."""

    def __init__(self, room: int = 20_000) -> None:
        self._room, self._lock = room, Lock()
        self._answers: OrderedDict[str, Wire] = OrderedDict()
        self._woken: OrderedDict[tuple[str, bool], tuple[float, int]] = OrderedDict()
        self._unwoken: OrderedDict[str, bool] = OrderedDict()
        self._turn = 0.0
        self._standing: OrderedDict[str, tuple[float, int, Wire]] = OrderedDict()
        self._causes = tuple(Lock() for _ in range(64))

    def cause(self, fingerprint: str) -> Lock:
        """One alert of a cause at a time."""
        return self._causes[int(fingerprint[:4], 16) % len(self._causes)]

    def answer(self, seen: str) -> Wire | None:
        """What was answered to this very alert."""
        return self._answers.get(seen)

    def keep(self, seen: str, given: Wire) -> Wire:
        """Remember an answer; its repeats are told that they are repeats."""
        with self._lock:
            self._answers[seen] = {**given, "deduplicated": True}
            _hold(self._answers, self._room)
        return given

    def news(self, incident: str, *, changed: bool) -> None:
        """An alert belongs to that open incident: it is to be woken, unless it has just been.

        By what changes it at once, by the same once more when its turn comes; neither counts for the other.
        """
        now = time.monotonic()
        with self._lock:
            last, times = self._woken.get((incident, changed), (now - CALM, 0))
            times = 0 if now - last >= CALM else times
            if now - last < min(WAKE_EVERY * 2 ** min(times - 1, 10), WAKE_SELDOM) and times:
                return
            self._woken[incident, changed] = (now, times + 1)
            self._unwoken[incident] = changed or self._unwoken.get(incident, False)
            _hold(self._woken, self._room)
            _hold(self._unwoken, self._room)

    def due(self) -> list[str]:
        """Whom to wake now: each is handed out once. Who waits for a turn gets it with the next alert of any cause."""
        now = time.monotonic()
        with self._lock:
            due = [incident for incident, changed in self._unwoken.items() if changed]
            if not due and self._unwoken and now - self._turn >= WAKE_GAP:
                due, self._turn = [next(iter(self._unwoken))], now
            for incident in due:
                del self._unwoken[incident]
        return due

    def unheard(self, incident: str) -> None:
        """It could not be woken: the next alert of its cause does."""
        with self._lock:
            for changed in (True, False):
                self._woken.pop((incident, changed), None)

    def standing(self, alert: Alert) -> int | None:
        """The generation of the incident that was open a moment ago, when the alert says of it nothing but once more.

        The entity counts it all the same, and opens another incident should that one have closed meanwhile.
        """
        at, generation, signals = self._standing.get(alert.fingerprint, (0.0, 0, {}))
        if not signals or time.monotonic() - at >= STANDS or signals != _said(alert, signals):
            return None
        return generation

    def stands(self, alert: Alert, state: Wire) -> bool:
        """Remember the state of an open incident, as long as this alert does not change it; says whether."""
        signals = state["signals"]
        stands = signals == _said(alert, signals)
        with self._lock:
            self._standing.pop(alert.fingerprint, None)
            if stands:
                self._standing[alert.fingerprint] = (time.monotonic(), state["generation"], signals)
                _hold(self._standing, self._room)
        return stands


def _hold[K, V](kept: OrderedDict[K, V], room: int) -> None:
    while len(kept) > room:
        kept.popitem(last=False)


def _said(alert: Alert, signals: Wire) -> Wire:
    """What is known of a cause with what an alert says: the same, unless it ends, begins again or gets worse."""
    return {**signals, "condition": alert.condition, "severity": worse(signals["severity"], alert.severity)}
