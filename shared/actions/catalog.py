"""Finds every action: each module in a folder below `shared.actions` is one, under its file's name."""

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING

import shared.actions
from shared.importing import IMPORTING

if TYPE_CHECKING:
    from shared.actions.action import Action


@cache
def _modules() -> dict[str, str]:
    """Module paths by action name; nothing but the folders is imported."""
    found: dict[str, str] = {}
    for folder in pkgutil.iter_modules(shared.actions.__path__, "shared.actions."):
        if not folder.ispkg:
            continue
        for module in pkgutil.iter_modules(importlib.import_module(folder.name).__path__, f"{folder.name}."):
            name = module.name.rsplit(".", 1)[-1]
            if name in found:
                raise ValueError(f"two actions are called {name}: {found[name]} and {module.name}")
            found[name] = module.name
    return found


def names() -> tuple[str, ...]:
    """The names of all actions, without importing one: a cold start imports only those that it runs."""
    return tuple(_modules())


@cache
def find(name: str) -> "Action":
    """The action of that name; KeyError when there is none."""
    from shared.actions.action import Action  # noqa: PLC0415 - see names

    with IMPORTING:
        module = importlib.import_module(_modules()[name])
    found = getattr(module, name, None)
    if not isinstance(found, Action) or found.name != name:
        raise ValueError(f"{module.__name__}: an action's file, function and catalog name must be one")
    return found


def catalog() -> "dict[str, Action]":
    """All actions by their permanent names."""
    return {name: find(name) for name in names()}
