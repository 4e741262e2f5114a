"""Finds every action: any module below `shared.actions` whose file name is an action's name."""

import importlib
import pkgutil
from functools import cache

import shared.actions
from shared.actions.action import Action


@cache
def catalog() -> dict[str, Action]:
    """All actions by their permanent names."""
    found: dict[str, Action] = {}
    for module in pkgutil.walk_packages(shared.actions.__path__, "shared.actions."):
        name = module.name.rsplit(".", 1)[-1]
        if module.ispkg or name in {"action", "catalog"}:
            continue
        candidate = getattr(importlib.import_module(module.name), name, None)
        if isinstance(candidate, Action):
            if candidate.name != name or name in found:
                raise ValueError(f"{module.name}: an action's file, function and catalog name must be one")
            found[name] = candidate
    return found
