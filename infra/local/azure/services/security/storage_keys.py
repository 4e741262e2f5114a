"""The keys of storage accounts, and the delegation keys that people and apps sign addresses with."""

from infra.local.azure.core.clock import iso
from infra.local.azure.core.errors import ArmError
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.generic import group_of
from infra.local.azure.services.security import keys
from infra.local.azure.services.storage import ACCOUNT, PROVIDER

DELEGATIONS = "user delegation"
service = Service("storage_keys")


def _account(world: World, request: Request) -> Json:
    group = group_of(world, request)
    return world.resource(f"{group['id']}{PROVIDER}/{request.params['account']}")


def _listed(world: World, account: Json) -> Answer:
    rows = keys.of(world, keys.STORAGE, account["name"])
    at = (world.table(keys.TABLE).peek(f"{keys.STORAGE}/{account['name']}") or {"at": {}})["at"]
    made = account["properties"].get("creationTime")
    return Answer(
        200,
        {
            "keys": [
                {
                    "keyName": name,
                    "value": value,
                    "permissions": "FULL",
                    "creationTime": iso(at[name]) if name in at else made,
                }
                for name, value in rows.items()
            ]
        },
    )


@service.arm("POST", ACCOUNT + "/listKeys", reads=True)
def list_keys(world: World, request: Request) -> Answer:
    return _listed(world, _account(world, request))


@service.arm("POST", ACCOUNT + "/regenerateKey", survives_outage=True)
def regenerate(world: World, request: Request) -> Answer:
    account = _account(world, request)
    which = str(request.json.get("keyName")).lower()
    if which not in keys.NAMES[keys.STORAGE]:
        message = f"Values for request parameters are invalid: keyName '{which}'."
        raise ArmError(400, "InvalidValuesForRequestParameters", message)
    keys.regenerate(world, keys.STORAGE, account["name"], which)
    return _listed(world, account)


@service.arm("POST", ACCOUNT + "/revokeUserDelegationKeys", survives_outage=True)
def revoke(world: World, request: Request) -> Answer:
    """Make void every address that was signed with a delegation key from before now."""
    account = _account(world, request)
    world.table(DELEGATIONS).put(account["name"], {"revoked": world.now})
    return Answer(200)


def delegation_works(world: World, account: str, issued: float) -> bool:
    """Whether an address signed with a delegation key of that moment still opens."""
    kept = world.table(DELEGATIONS).peek(account) or {"revoked": 0.0}
    return issued > kept["revoked"]
