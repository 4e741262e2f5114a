"""Replaces the keys of an account, and hands the new one to those who need it."""

import re
from typing import Any, Literal

from shared.actions.action import Call, action
from shared.errors import CheckFailed
from shared.gateways.account_keys import fingerprint
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen


class SecretTarget(Frozen):
    """A vault secret that holds the account's first key, and in which form."""

    vault_url: str
    name: str
    form: Literal["key", "cosmos_connection_string"] = "key"


class Params(Frozen):
    """The account by its resource id, and where its readers look for the key."""

    service: str
    account_id: str
    secrets: tuple[SecretTarget, ...] = ()


def observe(params: Params, call: Call) -> dict[str, Any]:
    """The SHA-256 of every key before anything is done; never a key."""
    return {"fingerprints": call.azure.account_keys.fingerprints(params.account_id)}


@action(changes=True, observe=observe)
def regenerate_keys(params: Params, call: Call) -> Outcome | Pending:
    """Regenerates every key of a Cosmos DB, Search, storage or OpenAI account that is still the observed one.

    Regenerating takes no key of ours, so each is done only while the account's key has the observed SHA-256. The new
    first key goes straight into the vault, under the name that its readers know, and into nothing else.
    """
    if call.operation_running() or _busy(params, call):
        return call.waiting_for(None, f"{params.service}: a key is being replaced", begun=call.begun)
    observed: dict[str, str] = call.before["fingerprints"]
    replaced: list[str] = list(call.progress.get("replaced", []))
    for name, value in call.azure.account_keys.keys(params.account_id).items():
        if fingerprint(value) != observed.get(name):
            continue
        operation = call.azure.account_keys.regenerate(params.account_id, name)
        replaced.append(name)
        if operation is not None:
            return call.waiting_for(
                operation, f"{params.service}: key {name} is being replaced", replaced=replaced
            )
    written = _hand_over(params, call)
    return Outcome(
        summary=f"{params.service}: {len(observed)} keys are new, {len(params.secrets)} secrets hold the first",
        changed=bool(replaced or written),
        evidence={"account": params.account_id, "replaced": replaced, "secrets": written},
    )


def _busy(params: Params, call: Call) -> bool:
    if "/databaseaccounts/" not in params.account_id.lower():
        return False
    return call.azure.cosmos.account(params.account_id).busy


def _hand_over(params: Params, call: Call) -> list[str]:
    """Make every secret hold the first key; returns those that did not."""
    written: list[str] = []
    if not params.secrets:
        return written
    key = next(iter(call.azure.account_keys.keys(params.account_id).values()), None)
    if key is None:
        raise CheckFailed(
            f"{params.service} takes no keys, so no secret can hold one: take the vault and the secret of"
            f" {params.service} out of security.keys"
        )
    for target in params.secrets:
        before = call.azure.secret_values.value(target.vault_url, target.name)
        wanted = secret_value(target, params.account_id, key, before)
        if before != wanted:
            call.azure.secret_values.set(target.vault_url, target.name, wanted)
            written.append(target.name)
    return written


def secret_value(target: SecretTarget, account_id: str, key: str, before: str | None) -> str:
    """What a secret must hold; of a connection string that is there only the key is replaced."""
    if target.form == "key":
        return key
    if before and "AccountKey=" in before:
        return re.sub(r"AccountKey=[^;]*", lambda _: f"AccountKey={key}", before)
    name = account_id.rsplit("/", 1)[-1]
    return f"AccountEndpoint=https://{name}.documents.azure.com:443/;AccountKey={key};"


def key_in(value: str) -> str:
    """The key in a secret's value, whatever its form."""
    found = re.search(r"AccountKey=([^;]*)", value)
    return found[1] if found else value
