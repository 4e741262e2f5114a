"""The list of tenants that the platform turns away: a secret in each region's vault, read by the app itself."""

import json
from datetime import timedelta

from shared.actions.action import Call
from shared.errors import CheckFailed
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen

TAKES_EFFECT_WITHIN = timedelta(minutes=3)
"""Apps keep what they read from a vault for some seconds."""


class GateParams(Frozen):
    """The tenant, the vaults and the secret that hold the list, and where a whole transaction is asked for."""

    tenant: str
    vaults: tuple[str, ...]
    secret: str
    health_url: str


def turn_away(params: GateParams, call: Call, *, away: bool) -> bool:
    """Make the list of every vault say so; returns whether one had to be changed."""
    changed = False
    for vault in params.vaults:
        listed = _listed(vault, params.secret, call)
        if (params.tenant in listed) is not away:
            wanted = sorted({*listed, params.tenant} if away else set(listed) - {params.tenant})
            call.azure.secret_values.set(vault, params.secret, json.dumps(wanted))
            changed = True
    return changed


def proven_at_the_gate(
    params: GateParams, call: Call, *, away: bool, summary: str, changed: bool
) -> Outcome | Pending:
    """The outcome once the platform itself turns the tenant away (403), or does so no more; Pending until then."""
    answer = call.azure.probe(
        f"{params.health_url}?deep=true&tenant={params.tenant}", timeout=45.0, transaction=True
    )
    if (answer.status == 403) is away and answer.status:
        return Outcome(
            summary=summary,
            changed=changed or call.begun,
            evidence={"tenant": params.tenant, "vaults": list(params.vaults), "answer": answer.status},
        )
    since = float(call.progress.get("listed_since") or call.now.timestamp())
    if call.now.timestamp() - since > TAKES_EFFECT_WITHIN.total_seconds():
        raise CheckFailed(
            f"the list says that {params.tenant} is {'turned away' if away else 'let in'}, but the platform answers "
            f"{answer.status or 'nothing'} after {TAKES_EFFECT_WITHIN}: look whether its gate reads {params.secret}"
        )
    return call.waiting_for(
        None,
        f"{params.tenant}: the gate answers {answer.status or 'nothing'}",
        retry_after=5,
        begun=changed or call.begun,
        listed_since=since,
    )


def _listed(vault: str, secret: str, call: Call) -> list[str]:
    value = call.azure.secret_values.value(vault, secret)
    if value is None:
        return []
    try:
        found: object = json.loads(value)
    except ValueError:
        found = None
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise CheckFailed(f"secret {secret} of {vault} is no JSON list of tenants: correct it, then retry")
    return [str(one) for one in found]
