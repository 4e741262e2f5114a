"""Whether a measured time met its target, also where a simulator ran faster than life."""

from typing import Literal

from shared.model.run import Objective, ServiceObjective
from shared.reports.wording import duration

Verdict = Literal["met", "missed", "not measured", "no target"]


def real_seconds(measured: float, speed: float) -> float:
    """What a measured time stands for: N times as long where simulated operations take 1/N of their time."""
    return measured * speed


def stands_for(measured: float, speed: float) -> str:
    """`6 min 57 s` for 13.9 s at a speed of 30; nothing at a speed of 1."""
    return "" if speed == 1 else duration(real_seconds(measured, speed))


def judge(objective: Objective | ServiceObjective, speed: float = 1.0) -> Verdict:
    """The record's own verdict; at a speed, what the time stands for is held against the target instead."""
    measured, target = objective.measured_seconds, objective.target_seconds
    if measured is None:
        return "missed" if objective.met is False else "not measured"
    if target is None:
        return "no target"
    if speed == 1 and objective.met is not None:
        return "met" if objective.met else "missed"
    return "met" if real_seconds(measured, speed) <= target else "missed"
