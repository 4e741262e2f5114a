"""Gateways are tested with the real SDK clients against a simulated Azure."""

from tests.shared.actions.conftest import stage

__all__ = ["stage"]
