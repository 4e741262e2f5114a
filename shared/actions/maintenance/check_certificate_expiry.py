"""Finds certificates that end soon."""

from datetime import datetime, timedelta

from shared.actions.action import Call, action
from shared.actions.key_vault.recover_key_vault import vault_url
from shared.gateways.key_vault import Expiring
from shared.model.estate import KeyVault
from shared.model.outcome import Finding, Outcome, Pending
from shared.model.severity import Severity
from shared.model.wire import Frozen


class Params(Frozen):
    """Whose certificates, and how long before their end one wants to know."""

    vaults: tuple[KeyVault, ...]
    warn_before: timedelta = timedelta(days=30)
    alarm_before: timedelta = timedelta(days=7)


@action(changes=False)
def check_certificate_expiry(params: Params, call: Call) -> Outcome | Pending:
    """Reads every certificate of every vault and reports those that end within the warning time."""
    findings: list[Finding] = []
    count = 0
    for vault in params.vaults:
        for resource_id in (vault.resource_id, vault.recovery_resource_id):
            certificates = call.azure.key_vault.certificates(vault_url(resource_id))
            count += len(certificates)
            found = (expiry(certificate, resource_id, call.now, params) for certificate in certificates)
            findings += [finding for finding in found if finding is not None]
    return Outcome(
        summary=f"{count} certificates, {len(findings)} of them end soon"
        if findings
        else f"{count} certificates, none ends soon",
        findings=tuple(findings),
        evidence={"certificates": count},
    )


def expiry(certificate: Expiring, resource_id: str, now: datetime, params: Params) -> Finding | None:
    """A finding when this certificate ends within the warning time; a disabled one does not count."""
    if not certificate.enabled or certificate.expires_on is None:
        return None
    left = certificate.expires_on - now
    if left > params.warn_before:
        return None
    ended = left <= timedelta(0)
    return Finding(
        check="check_certificate_expiry",
        resource=f"{resource_id}/certificates/{certificate.name}",
        severity=Severity.CRITICAL
        if ended
        else Severity.HIGH
        if left <= params.alarm_before
        else Severity.MEDIUM,
        title=f"{certificate.name} has ended" if ended else f"{certificate.name} ends in {left.days} days",
        evidence={"expires_on": certificate.expires_on.isoformat()},
        recommendation="renew it and deploy the new version",
    )
