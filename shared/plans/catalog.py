"""Finds every plan: any module in a folder below `shared.plans` whose file name is a plan's name."""

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING

import shared.plans
from shared.importing import IMPORTING

if TYPE_CHECKING:
    from shared.plans.planning import PlanMaker


@cache
def catalog() -> "dict[str, PlanMaker]":
    """All plans by name."""
    with IMPORTING:
        from shared.plans.planning import PlanMaker  # noqa: PLC0415 - with the first plan that is asked for

        modules = [
            importlib.import_module(module.name)
            for module in pkgutil.walk_packages(shared.plans.__path__, "shared.plans.")
            if not module.ispkg and module.name.count(".") > shared.plans.__name__.count(".") + 1
        ]
    found: dict[str, PlanMaker] = {}
    for module in modules:
        name = module.__name__.rsplit(".", 1)[-1]
        candidate = getattr(module, name, None)
        if isinstance(candidate, PlanMaker):
            if candidate.name != name or name in found:
                raise ValueError(f"{module.__name__}: a plan's file, function and catalog name must be one")
            found[name] = candidate
    return found
