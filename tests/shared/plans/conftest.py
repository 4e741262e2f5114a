"""Plans are pure; what they bring about is looked at in a simulated Azure."""

from tests.shared.actions.conftest import stage

__all__ = ["stage"]
