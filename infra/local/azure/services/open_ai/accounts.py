"""Azure OpenAI accounts and their keys. The accounts themselves are kept by the generic service."""

from infra.local.azure.core.errors import ArmError
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.generic import GROUP, group_of
from infra.local.azure.services.security import keys

TYPE = keys.OPENAI
ACCOUNT = GROUP + "/providers/" + TYPE + "/{account}"
service = Service("open_ai_accounts")


def account_of(world: World, request: Request) -> Json:
    """Return the account of a request, or raise ARM's 404."""
    group = group_of(world, request)
    return world.resource(f"{group['id']}/providers/{TYPE}/{request.params['account']}")


def by_host(world: World, label: str) -> Json | None:
    """Return the account (read only) whose own subdomain that is."""
    for account in world.of_type(TYPE):
        if str(account["properties"].get("customSubDomainName", "")).lower() == label.lower():
            return account
    return None


@service.arm("POST", ACCOUNT + "/listKeys", reads=True)
def list_keys(world: World, request: Request) -> Answer:
    account = account_of(world, request)
    if account["properties"].get("disableLocalAuth"):
        message = "Failed to list key. disableLocalAuth is set to be true"
        raise ArmError(400, "BadRequest", message)
    return Answer(200, keys.of(world, TYPE, account["name"]))


@service.arm("POST", ACCOUNT + "/regenerateKey")
def regenerate_key(world: World, request: Request) -> Answer:
    """Make one of the keys another one, at once; it takes no idempotency key."""
    account = account_of(world, request)
    named = str(request.json.get("keyName", "")).lower()
    if named not in keys.NAMES[TYPE]:
        raise ArmError(400, "InvalidKeyName", f"The key name '{request.json.get('keyName')}' is not valid.")
    keys.regenerate(world, TYPE, account["name"], named)
    return Answer(200, keys.of(world, TYPE, account["name"]))
