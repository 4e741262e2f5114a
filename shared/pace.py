"""Moments between two clocks: a world that Azure is only played in may go faster than life.

`pace` is what this app's own waits are multiplied with (`RETRY_SCALE`): 1 where Azure is real.
"""

from datetime import datetime


def azure_time(moment: datetime, now: datetime, pace: float) -> datetime:
    """A moment of the past, as Azure tells it."""
    return now - (now - moment) / pace


def own_time(told: datetime, now: datetime, pace: float) -> datetime:
    """A moment of the past that Azure tells, by this app's own clock."""
    return now - (now - told) * pace
