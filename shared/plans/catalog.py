"""Finds every plan: any module below `shared.plans` whose file name is a plan's name."""

import importlib
import pkgutil
from functools import cache

import shared.plans
from shared.plans.planning import PlanMaker


@cache
def catalog() -> dict[str, PlanMaker]:
    """All plans by name."""
    found: dict[str, PlanMaker] = {}
    for module in pkgutil.walk_packages(shared.plans.__path__, "shared.plans."):
        name = module.name.rsplit(".", 1)[-1]
        candidate = None if module.ispkg else getattr(importlib.import_module(module.name), name, None)
        if isinstance(candidate, PlanMaker):
            if candidate.name != name or name in found:
                raise ValueError(f"{module.name}: a plan's file, function and catalog name must be one")
            found[name] = candidate
    return found
