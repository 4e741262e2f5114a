"""Time where telemetry leaves this world: a world that runs faster is ahead of everybody who asks it.

Who asks about the last five minutes means those up to now. So a question is moved to this world's now, and what
is told is moved back: a length of time stays what it is, and nothing is ever told from the future.
"""

import time
from datetime import datetime

from infra.local.azure.core.clock import RunningClock, iso
from infra.local.azure.core.world import World


def ahead(world: World) -> float:
    """Return by how many seconds this world is ahead of the others; a clock that tests advance is everybody's."""
    return world.now - time.time() if isinstance(world.clock, RunningClock) else 0.0


def told(world: World, moment: float) -> str:
    """Write a moment of this world as those outside call it."""
    return iso(moment - ahead(world))


def retold(world: World, text: str) -> str:
    """Write such a text again as those outside call that moment."""
    return told(world, datetime.fromisoformat(text).timestamp())
