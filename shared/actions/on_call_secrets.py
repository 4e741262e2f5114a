"""Whether the secrets are there with which people are reached: those of chats and pagers, and of ticket systems."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from shared.actions.action import Call
from shared.errors import AzureCallFailed
from shared.gateways.key_vault import Expiring
from shared.model.on_call import OnCall
from shared.model.readiness import Precondition
from shared.model.severity import Severity

HOLDS = {
    "servicenow": "the password of its account",
    "jira": "the API token of its account",
    "azure_devops": "a personal access token that may write work items",
    "pagerduty": "the integration key of its service",
}
"""What a ticket system's secret must hold."""


def on_call_secrets(on_call: OnCall | None, call: Call) -> tuple[Precondition, ...]:
    """One precondition for each channel and ticket system; of the secrets names and properties are read, no values."""
    return tuple(_looked_at(on_call, call)) if on_call is not None else ()


def comes_back(error: AzureCallFailed) -> bool:
    """Whether Azure asks to ask again later: then nothing is known yet, and nothing is missing."""
    return error.status in {429, 500} or (error.status == 503 and error.retry_after is not None)


def _looked_at(on_call: OnCall, call: Call) -> Iterator[Precondition]:
    known: dict[str, dict[str, Expiring] | AzureCallFailed] = {}

    def of(what: str, name: str, secret: str, content: str, severity: Severity) -> Precondition:
        parts = urlsplit(secret)
        vault, own = f"{parts.scheme}://{parts.netloc}", parts.path.rpartition("/")[2]
        if vault not in known:
            known[vault] = _listed(vault, call)
        wrong, advice = _wrong(known[vault], vault, own, content, call)
        title = f"{what} {name}: {own} {wrong or 'is'} in {vault}"
        return Precondition(
            check="on_call_secrets",
            resource=secret,
            met=not wrong,
            severity=severity if wrong else Severity.LOW,
            title=title,
            recommendation=advice,
        )

    for channel in on_call.channels:
        severity = Severity.HIGH if channel.kind == "page" else Severity.MEDIUM
        yield of(channel.kind, channel.name, channel.secret, "its Apprise URL", severity)
    for system in on_call.ticket_systems:
        yield of("ticket system", system.name, system.secret, HOLDS[system.kind], Severity.MEDIUM)


def _listed(vault: str, call: Call) -> dict[str, Expiring] | AzureCallFailed:
    try:
        return {one.name.lower(): one for one in call.azure.key_vault.secrets(vault)}
    except AzureCallFailed as error:
        if comes_back(error):
            raise
        return error


def _wrong(
    listed: dict[str, Expiring] | AzureCallFailed, vault: str, name: str, content: str, call: Call
) -> tuple[str, str]:
    """What is wrong with a secret, and what to do about it; nothing twice where it is there."""
    if isinstance(listed, AzureCallFailed):
        return f"cannot be looked at ({listed})", "give the app's identity read access"
    found = listed.get(name.lower())
    if found is None:
        if _deleted(vault, name, call):
            return "is deleted", f"recover it: az keyvault secret recover --name {name}, for that vault"
        return "is not", f"put {content} there under that name, or correct `secret` in the estate"
    if not found.enabled:
        return "is disabled", "enable it"
    if found.expires_on is not None and found.expires_on <= call.now:
        return f"has expired on {found.expires_on:%Y-%m-%d}", f"renew it: put {content} there"
    return "", ""


def _deleted(vault: str, name: str, call: Call) -> bool:
    """Whether it can be recovered; who may not look is told that it is not there, which is as true."""
    try:
        return call.azure.key_vault.is_soft_deleted(vault, name)
    except AzureCallFailed as error:
        if comes_back(error):
            raise
        return False
