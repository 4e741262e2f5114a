"""Questions are put to the simulated workspace by the real client."""

from tests.shared.actions.conftest import stage

__all__ = ["stage"]
