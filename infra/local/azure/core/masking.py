"""Takes secrets out of what the ledger and the truth show."""

import re
from typing import Any

MASK = "***"
_SECRET = re.compile(
    r"password|passwd|secret(value)?$|(account|admin|api|access|primary|secondary|shared|master|routing)_?key|"
    r"connectionstring|(sas|access|bearer)_?token|credential",
    re.IGNORECASE,
)


def masked(value: Any, *, vault: bool = False, inside: str = "") -> Any:  # noqa: ANN401 - JSON of any shape
    """Return a copy without secrets; `vault`: every `value` is one (the body of a secret of a key vault)."""
    if isinstance(value, dict):
        secure = _secure_parameters(value)
        if secure:
            given = {name: MASK if name in secure else one for name, one in value["parameters"].items()}
            value = {**value, "parameters": given}
        return {
            key: MASK
            if _hides(key, item, vault=vault, inside=inside)
            else masked(item, vault=vault, inside=key)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [masked(item, vault=vault, inside=inside) for item in value]
    return value


def _secure_parameters(value: dict[str, Any]) -> set[str]:
    """Return the parameters of a deployment that its template declares as secure."""
    template, given = value.get("template"), value.get("parameters")
    if not isinstance(template, dict) or not isinstance(given, dict):
        return set()
    declared = template.get("parameters")
    if not isinstance(declared, dict):
        return set()
    return {name for name in given if "secure" in str(declared.get(name)).lower()}


def _hides(key: str, item: object, *, vault: bool, inside: str) -> bool:
    if isinstance(item, dict | list) or item is None:
        return False
    # A list of secrets ({name, value}) and a template parameter named like one hide their values.
    return bool(_SECRET.search(key)) or (
        key.lower() == "value" and (vault or inside.lower() == "secrets" or bool(_SECRET.search(inside)))
    )
