"""Whether tenants got what they are promised: by the numbers themselves, so that no rounding decides."""

from fractions import Fraction

from shared.model.monthly import Answered, TenantMonth


def answered_met(answered: Answered, target: float) -> bool | None:
    """Whether so many percent were answered; None where nobody asked."""
    return answered.failed <= allowed(answered, target) if answered.requests else None


def fast_met(tenant: TenantMonth, target: float) -> bool | None:
    """Whether 19 of 20 were answered within so many milliseconds; None where none was answered."""
    return None if tenant.p95_ms is None else tenant.p95_ms <= target


def allowed(answered: Answered, target: float) -> Fraction:
    """How many may fail: the error budget. The target is meant as it is written, 99.9 and not its binary neighbour."""
    return answered.requests * (100 - Fraction(str(target))) / 100


def budget_used(answered: Answered, target: float) -> float | None:
    """The share of the error budget that is used: 1.0 when exactly so many failed as the target allows."""
    return float(answered.failed / allowed(answered, target)) if answered.requests else None


def percent(answered: Answered, target: float) -> str:
    """Two decimals, or as many as the target has, never rounded up: 99.899 % is not shown as the 99.90 it missed."""
    if not answered.requests:
        return "no requests"
    places = max(2, len(f"{target:f}".rstrip("0").partition(".")[2]))
    size = 10**places
    whole, part = divmod((answered.requests - answered.failed) * 100 * size // answered.requests, size)
    return f"{whole} %" if whole == 100 else f"{whole}.{part:0{places}} %"
