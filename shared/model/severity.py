"""Severity, in the words of both source documents and of Azure Monitor."""

from enum import StrEnum


class Severity(StrEnum):
    """How bad it is: P1 to P4 of the landing zone, Sev0 to Sev4 of Azure Monitor."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFORMATIONAL = "informational"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Severity).index(self)

    @classmethod
    def from_azure(cls, sev: str) -> "Severity":
        """From the common alert schema's `Sev0` ... `Sev4`."""
        return {
            "sev0": cls.CRITICAL,
            "sev1": cls.HIGH,
            "sev2": cls.MEDIUM,
            "sev3": cls.LOW,
            "sev4": cls.INFORMATIONAL,
        }[sev.lower()]
