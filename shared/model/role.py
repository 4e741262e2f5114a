"""App roles of the Entra ID registration."""

from enum import StrEnum


class Role(StrEnum):
    """What somebody may do; a caller's token carries them."""

    READER = "Reader"
    OPERATOR = "Operator"
    APPROVER = "Approver"
