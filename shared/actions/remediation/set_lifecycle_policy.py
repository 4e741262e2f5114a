"""Lets a storage account tidy up by itself: old versions go, cold data is moved to a cheaper tier."""

from typing import Any

from shared.actions.action import Call, action
from shared.gateways.arm import Document
from shared.model.outcome import Outcome, Pending
from shared.model.wire import Frozen

VERSION = "2023-05-01"
RULE = "foundry-ops-tidy"
"""The one rule of the policy that is ours; all others stay as they are."""


class Params(Frozen):
    """The account; days after which old versions and snapshots are deleted, and current blobs become cool."""

    account_id: str
    keep_days: int
    cool_after_days: int


@action(changes=True)
def set_lifecycle_policy(params: Params, call: Call) -> Outcome | Pending:
    """Sets our rule in an account's lifecycle policy: only what is older than recovery needs is deleted.

    Current blobs are never deleted, only moved. Azure carries a policy out once a day, so its effect takes until then.
    """
    arm, address = call.azure.arm(VERSION), f"{params.account_id}/managementPolicies/default"
    seen: Document | None = call.azure.connection.look(
        "lifecycle policy", address, lambda: arm.get("get lifecycle policy", address)
    )
    policy: Document = ((seen or {}).get("properties") or {}).get("policy") or {}
    rules: list[Document] = list(policy.get("rules") or [])
    wanted = _rule(params)
    name = params.account_id.rsplit("/", 1)[-1]
    if wanted in rules:
        return Outcome(
            summary=f"{name} deletes versions after {params.keep_days} days, and cools blobs after "
            f"{params.cool_after_days}",
            changed=call.begun,
            evidence={"rules": [str(rule.get("name")) for rule in rules]},
        )
    others = [rule for rule in rules if rule.get("name") != RULE]
    properties: Document = {"policy": {"rules": [*others, wanted]}}
    call.azure.connection.expect("lifecycle policy", address, lambda _: {"properties": properties})
    operation = arm.begin("set lifecycle policy", "PUT", address, {"properties": properties})
    return call.waiting_for(operation, f"{name} gets a lifecycle rule", retry_after=1)


def _rule(params: Params) -> dict[str, Any]:
    old = {"delete": {"daysAfterCreationGreaterThan": params.keep_days}}
    cool = {"tierToCool": {"daysAfterModificationGreaterThan": params.cool_after_days}}
    return {
        "enabled": True,
        "name": RULE,
        "type": "Lifecycle",
        "definition": {
            "filters": {"blobTypes": ["blockBlob"]},
            "actions": {"baseBlob": cool, "snapshot": old, "version": old},
        },
    }
