"""How much of the newest data a store lost: the numbered writes that it acknowledged against what is left of them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from shared.model.canary import Canary
from shared.model.wire import Frozen

STALE = timedelta(minutes=15)
"""A last write that is older than this when the outage begins says too little about what was lost after it."""


class DataLoss(Frozen):
    """What is known. `seconds` is None when it cannot be told; `because` then says why.

    It is right to within one write: what was written after the last surviving one, until the outage.
    """

    seconds: float | None
    lost: int = 0
    survived: int | None = None
    survived_at: datetime | None = None
    because: str = ""


def data_loss(
    written: Sequence[Canary], left: Canary | None, *, outage_at: datetime | None, since: datetime
) -> DataLoss:
    """`written`: what the store acknowledged, in order. `left`: what it holds now. Times are aware.

    Writing may have gone on after the recovery; then the numbers begin again after the last that survived.
    `since` is when the recovery began at the earliest: an older fresh start belongs to another outage.
    `outage_at` is None in a drill, where everything is written until the move.
    """
    before, resumed = _divided(written, since)
    if not before:
        return DataLoss(seconds=None, because="no write was on record when it began")
    last = before[-1]
    end = max(outage_at or last.at, last.at)
    if end - last.at > STALE or (outage_at is None and since - last.at > STALE):
        return DataLoss(
            seconds=None, because=f"the last write was at {last.at:%Y-%m-%d %H:%M} UTC, too long before"
        )
    survived = _survived(resumed, left)
    if survived >= last.sequence:
        return DataLoss(seconds=0.0, survived=last.sequence, survived_at=last.at)
    at = next((one.at for one in reversed(before) if one.sequence == survived), None)
    lost = last.sequence - survived
    if at is None:
        return DataLoss(
            seconds=None, lost=lost, because=f"{lost} writes are gone, and with them every one on record"
        )
    return DataLoss(seconds=(end - at).total_seconds(), lost=lost, survived=survived, survived_at=at)


def _survived(resumed: Canary | None, left: Canary | None) -> int:
    """The number of the last write that survived; 0 when none did."""
    if resumed is not None:
        return resumed.sequence - 1
    return left.sequence if left is not None else 0


def _divided(written: Sequence[Canary], since: datetime) -> tuple[list[Canary], Canary | None]:
    """What was written before the recovery, and the first write after it that used a number again."""
    before: list[Canary] = []
    for one in written:
        if before and one.sequence <= before[-1].sequence:
            if one.at >= since:
                return before, one
            # Numbers that an earlier outage took are no longer the newest data.
            before = [kept for kept in before if kept.sequence < one.sequence]
        before.append(one)
    return before, None
