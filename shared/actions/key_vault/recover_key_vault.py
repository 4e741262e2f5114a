"""Sees to it that the recovery vault holds every secret that the estate needs."""

from shared.actions.action import Call, action
from shared.errors import CheckFailed
from shared.model.estate import KeyVault
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen


class Params(Frozen):
    """The vault as the estate had it when the run began."""

    service: KeyVault


@action(changes=True)
def recover_key_vault(params: Params, call: Call) -> Outcome | Pending:
    """Recovers soft-deleted secrets in the recovery vault, until every secret of the estate is there and enabled.

    Soft delete keeps a secret for 90 days (seed 000, section 8.1). A secret that never was in the recovery vault
    cannot be made from nothing, so its absence is said, with its name.
    """
    service = params.service
    vault = vault_url(service.recovery_resource_id)
    there = {secret.name: secret for secret in call.azure.key_vault.secrets(vault)}
    absent = [name for name in service.secrets if name not in there]
    recovered: list[str] = list(call.progress.get("recovered", []))
    asked = [
        name for name in absent if name not in recovered and call.azure.key_vault.is_soft_deleted(vault, name)
    ]
    for name in asked:
        call.azure.key_vault.recover_secret(vault, name)
    recovered += asked
    if lost := [name for name in absent if name not in recovered]:
        raise CheckFailed(
            f"{vault} lacks {', '.join(lost)}, and no soft-deleted version exists: put them there, then retry",
            retryable=True,  # one that comes back just now is for a moment in neither list
        )
    if absent:
        return call.waiting_for(None, f"{service.name}: recovering {', '.join(absent)}", recovered=recovered)
    if disabled := [name for name in service.secrets if not there[name].enabled]:
        raise CheckFailed(f"{vault}: {', '.join(disabled)} is disabled: enable it, then retry")
    what = f"recovered {', '.join(recovered)}" if recovered else "all were there"
    return Outcome(
        summary=f"{service.name}: {len(service.secrets)} secrets in {service.recovery_region}, {what}",
        changed=bool(recovered),
        evidence={"vault": vault, "recovered": recovered},
    )


def vault_url(resource_id: str) -> str:
    """The data plane address of a vault."""
    return f"https://{resource_id.rsplit('/', 1)[-1]}.vault.azure.net"
