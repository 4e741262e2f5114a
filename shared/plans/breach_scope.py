"""What a breach touches: the affected services, the accounts whose keys are replaced, the secrets of their vaults."""

from collections.abc import Iterator

from shared.actions.key_vault.recover_key_vault import vault_url
from shared.actions.security.preserve_evidence import VaultSecrets
from shared.actions.security.regenerate_keys import Params as RotatedAccount
from shared.actions.security.regenerate_keys import SecretTarget
from shared.errors import ParametersInvalid
from shared.model.estate import AiSearch, ContainerApp, Estate, KeyVault, OpenAi, Security, Service


def affected_services(
    estate: Estate, security: Security, wanted: tuple[str, ...] | None, principals: tuple[str, ...]
) -> tuple[Service, ...]:
    """The services that are touched: the named ones, or every app and every service with keys.

    Raises ParametersInvalid for what the plan does not look after, and for what would lock out those that the
    recovery itself needs.
    """
    for principal in principals:
        if why := security.keeps(principal):
            raise ParametersInvalid(
                "compromised_principals",
                f"{principal} is {why}, which the estate keeps: take it out of security.kept first, if it is"
                " compromised as well",
            )
    with_keys = {key.service for key in security.keys}
    known = {
        one.name: one for one in estate.services if isinstance(one, ContainerApp) or one.name in with_keys
    }
    wanted = tuple(known) if wanted is None else wanted
    if unknown := [name for name in wanted if name not in known]:
        names = ", ".join(sorted(known))
        raise ParametersInvalid(
            "affected_services", f"'{unknown[0]}' is no service that this plan looks after; known are {names}"
        )
    affected = tuple(one for name, one in known.items() if name in set(wanted))
    if not any(isinstance(one, ContainerApp) for one in affected):
        raise ParametersInvalid(
            "affected_services", "no container app is among them, so nothing could be isolated"
        )
    return affected


def rotated_accounts(
    estate: Estate, security: Security, affected: tuple[Service, ...]
) -> Iterator[RotatedAccount]:
    """Every account whose keys are replaced. Search and OpenAI have a sibling with keys of its own in each region."""
    names = {one.name for one in affected}
    for key in security.keys:
        if key.service not in names:
            continue
        service = estate.service(key.service)
        vault = estate.service(key.vault) if key.vault else None
        homes = (vault.resource_id, vault.recovery_resource_id) if isinstance(vault, KeyVault) else ()
        targets = tuple(
            SecretTarget(vault_url=vault_url(home), name=key.secret or "", form=key.form) for home in homes
        )
        if isinstance(service, AiSearch | OpenAi):
            pairs = zip(
                (service.resource_id, service.recovery_resource_id), (targets[:1], targets[1:]), strict=True
            )
            for account, own in pairs:
                yield RotatedAccount(service=service.name, account_id=account, secrets=own)
        else:
            yield RotatedAccount(service=service.name, account_id=service.resource_id, secrets=targets)


def vault_secrets(
    estate: Estate, apps: tuple[ContainerApp, ...], without: set[str] | None = None
) -> Iterator[VaultSecrets]:
    """The secrets of the vaults that stand where the affected apps do, and of their siblings."""
    regions = {app.region for app in apps}
    for vault in estate.of_kind(KeyVault):
        if vault.region not in regions:
            continue
        names = tuple(name for name in vault.secrets if name not in (without or set()))
        for home in (vault.resource_id, vault.recovery_resource_id):
            yield VaultSecrets(vault_url=vault_url(home), names=names)
