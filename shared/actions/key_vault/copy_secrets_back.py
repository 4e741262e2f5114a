"""Copies secrets that changed in the recovery vault back to the primary's."""

from shared.actions.action import Call, action
from shared.actions.key_vault.recover_key_vault import vault_url
from shared.gateways.secret_values import Secret
from shared.model.estate import AiSearch, KeyVault, OpenAi
from shared.model.outcome import Finding, Outcome, Pending
from shared.model.severity import Severity
from shared.model.wire import Frozen


class Params(Frozen):
    """The vault as the estate had it when the run began."""

    service: KeyVault


@action(changes=True)
def copy_secrets_back(params: Params, call: Call) -> Outcome | Pending:
    """Compares the current versions in both vaults and copies the newer ones of the recovery vault home.

    A version is newer when its value differs and it was made later. Where the primary's own is the newer one it
    stays, and the difference is reported: somebody changed both. Keys of a service that has a sibling in the recovery
    region are that sibling's own, so they differ by right and are left alone.
    """
    service = params.service
    home, away = vault_url(service.resource_id), vault_url(service.recovery_resource_id)
    copied: list[str] = list(call.progress.get("copied", []))
    findings: list[Finding] = []
    changed: list[Secret] = []
    shared = [name for name in service.secrets if name not in _of_siblings(service, call)]
    for name in shared:
        ours, theirs = call.azure.secret_values.whole(home, name), call.azure.secret_values.whole(away, name)
        if theirs is None:
            findings.append(_differs(service, name, f"is not in {away}", "put it there"))
        elif ours is None or (ours.value != theirs.value and _later(theirs, ours)):
            changed.append(theirs)
        elif ours.value != theirs.value:
            findings.append(_differs(service, name, "was changed in both vaults", "copy the right one over"))
    for secret in changed:
        call.azure.secret_values.copy(home, secret)
    if changed:
        copied += [secret.name for secret in changed]
        return call.waiting_for(None, f"{service.name}: copied {', '.join(copied)}", copied=copied)
    what = f"copied {', '.join(copied)} back" if copied else "nothing had changed"
    return Outcome(
        summary=f"{service.name}: {len(shared)} secrets compared, {what}",
        changed=bool(copied),
        findings=tuple(findings),
        evidence={"vault": home, "copied": copied},
    )


def _of_siblings(service: KeyVault, call: Call) -> set[str]:
    """The secrets of this vault that hold a key of one region's service alone, as the estate says."""
    if call.estate.security is None:
        return set()
    return {
        key.secret or ""
        for key in call.estate.security.keys
        if key.vault == service.name and isinstance(call.estate.service(key.service), AiSearch | OpenAi)
    }


def _later(one: Secret, other: Secret) -> bool:
    return one.created_on is not None and (other.created_on is None or one.created_on > other.created_on)


def _differs(service: KeyVault, name: str, what: str, advice: str) -> Finding:
    return Finding(
        check="copy_secrets_back",
        resource=f"{service.resource_id}/secrets/{name}",
        severity=Severity.HIGH,
        title=f"{service.name}: {name} {what}",
        recommendation=advice,
    )
