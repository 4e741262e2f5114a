"""The keys of Cosmos DB accounts: listing and regenerating them, and the data plane that takes them."""

import base64
import hashlib
import hmac
from urllib.parse import parse_qs, unquote

from infra.local.azure import durations
from infra.local.azure.core.errors import ArmError, Unreachable
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.operations import accepted
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.cosmos import regions
from infra.local.azure.services.cosmos.accounts import ACCOUNT, account_of, bad_request, refuse_while_busy
from infra.local.azure.services.security import keys

service = Service("cosmos_keys")


@service.seed
def plant(world: World) -> None:
    """The sample estate's app comes with a key, so its account takes keys."""
    for account in world.of_type(keys.COSMOS):
        properties = {**account["properties"], "disableLocalAuth": False}
        world.put_resource({**account, "properties": properties})


@service.arm("POST", ACCOUNT + "/listKeys", reads=True)
def list_keys(world: World, request: Request) -> Answer:
    account = account_of(world, request)
    found = keys.of(world, keys.COSMOS, account["name"])
    return Answer(
        200,
        {
            "primaryMasterKey": found["primary"],
            "secondaryMasterKey": found["secondary"],
            "primaryReadonlyMasterKey": found["primaryReadonly"],
            "secondaryReadonlyMasterKey": found["secondaryReadonly"],
        },
    )


@service.arm("POST", ACCOUNT + "/regenerateKey", survives_outage=True)
def regenerate(world: World, request: Request) -> Answer:
    """Begin to replace a key; the account is busy until the new one is everywhere."""
    account = account_of(world, request)
    refuse_while_busy(world, account)
    which = next(
        (one for one in keys.NAMES[keys.COSMOS] if one.lower() == str(request.json.get("keyKind")).lower()),
        None,
    )
    if which is None:
        raise bad_request(f"The key kind '{request.json.get('keyKind')}' is not known.")
    arguments: Json = {"account": account["name"], "which": which}
    operation = world.operations.begin(
        account["id"],
        "cosmos.regenerate_key",
        arguments,
        seconds=durations.COSMOS_KEY,
        failed="Succeeded",
    )
    return accepted(request, operation)


@service.effect("cosmos.regenerate_key")
def regenerated(world: World, args: Json) -> None:
    keys.regenerate(world, keys.COSMOS, args["account"], args["which"])


@service.on("GET", "{account}.documents.azure.com", "/dbs", token=False)
def databases(world: World, request: Request) -> Answer:
    """List databases for whoever signs with a key of the account (Learn, access control on Cosmos DB resources)."""
    account = next(
        (
            one
            for one in world.of_type(keys.COSMOS)
            if one["name"].lower() == request.params["account"].lower()
        ),
        None,
    )
    if account is None:
        raise Unreachable(request.host)
    world.require_region(regions.write_region(account))
    if account["properties"].get("disableLocalAuth"):
        message = "Local Authorization is disabled. Use an AAD token to authorize all requests."
        raise ArmError(401, "Unauthorized", message)
    given = parse_qs(unquote(request.headers.get("authorization", "")))
    text = f"get\ndbs\n\n{request.headers.get('x-ms-date', '').lower()}\n\n"
    for key in keys.of(world, keys.COSMOS, account["name"]).values():
        digest = hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256).digest()
        wanted = base64.b64encode(digest).decode()
        # A + of the signature is a blank for whoever reads a query string.
        if given.get("sig", [""])[0].replace(" ", "+") == wanted:
            return Answer(200, {"_rid": "", "Databases": [{"id": "agents"}], "_count": 1})
    message = (
        "The input authorization token can't serve the request. The wrong key is being used or the expected "
        "payload is not built as per the protocol."
    )
    raise ArmError(401, "Unauthorized", message)
