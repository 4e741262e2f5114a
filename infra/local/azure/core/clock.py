"""Simulated time: real time since an anchor, multiplied by a speed."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Seconds since 1970 in simulated time."""

    def now(self) -> float: ...

    async def sleep(self, seconds: float) -> None: ...


class RunningClock:
    """Goes `speed` times as fast as real time, also while the process is down."""

    def __init__(self, real_anchor: float, anchor: float, speed: float) -> None:
        self.real_anchor, self.anchor, self.speed = real_anchor, anchor, speed

    def now(self) -> float:
        return self.anchor + (time.time() - self.real_anchor) * self.speed

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self.speed)


class ManualClock:
    """Stands still until a test advances it; who sleeps on it makes it go on."""

    def __init__(self, now: float = 1_767_225_600.0) -> None:
        self._now = now

    def now(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        self._now += seconds

    async def sleep(self, seconds: float) -> None:
        self.advance(seconds)
        await asyncio.sleep(0)


def iso(moment: float) -> str:
    """Write a moment as Azure does: UTC, with seven digits and a Z."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")


def http_date(moment: float) -> str:
    """Write a moment as HTTP headers do."""
    return datetime.fromtimestamp(moment, UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
