"""Azure OpenAI's data plane: a model answers only where it is deployed, while its region is up."""

import re

from infra.local.azure.core.errors import ArmError, Unreachable
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World, region_name
from infra.local.azure.services.open_ai import accounts
from infra.local.azure.services.security import keys

HOST = "{account}.openai.azure.com"
service = Service("open_ai_inference")


def answers(world: World, label: str, deployment: str) -> str | None:
    """Return why a model does not answer at an account's own host, or None when it does."""
    account = accounts.by_host(world, label)
    if account is None:
        return f"no account at {label}.openai.azure.com"
    region = region_name(account["location"])
    if not world.region_up(region) or world.faults.host_down(f"{label}.openai.azure.com"):
        return f"{label} in {region} does not answer"
    found = world.resources.peek(f"{account['id']}/deployments/{deployment}")
    # One that is being changed still answers as before; one that is new does so when it is there.
    if found is None or found["properties"]["provisioningState"] not in {"Succeeded", "Updating"}:
        return f"{label} has no deployment {deployment}"
    return None


@service.on("POST", HOST, "/openai/deployments/{deployment}/chat/completions", token=False, reads=True)
def complete(world: World, request: Request) -> Answer:
    """Answer a chat; tokens and keys are both taken, as long as the account allows keys."""
    account = accounts.by_host(world, request.params["account"])
    if account is None:
        raise Unreachable(request.host)
    region = region_name(account["location"])
    world.require_region(region)
    _authenticate(world, request, account)
    if not request.query.get("api-version"):
        raise ArmError(404, "404", "Resource not found")
    if answers(world, request.params["account"], request.params["deployment"]):
        message = (
            "The API deployment for this resource does not exist. If you created the deployment within the last "
            "5 minutes, please wait a moment and try again."
        )
        raise ArmError(404, "DeploymentNotFound", message)
    body = request.json
    if not isinstance(body.get("messages"), list) or not body["messages"]:
        raise ArmError(400, "BadRequest", "'messages' is a required property")
    found = world.resource(f"{account['id']}/deployments/{request.params['deployment']}")
    model = found["properties"]["model"]
    said = "Ready."
    asked = sum(len(str(one).split()) for one in body["messages"])
    completion: Json = {
        "id": f"chatcmpl-{world.now:.0f}",
        "object": "chat.completion",
        "created": int(world.now),
        "model": f"{model['name']}-{model['version']}",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": said}}],
        "usage": {"prompt_tokens": asked, "completion_tokens": 2, "total_tokens": asked + 2},
    }
    shown = (world.table("region").peek(region) or {"displayName": region})["displayName"]
    return Answer(200, completion, {"x-ms-region": shown})


def _authenticate(world: World, request: Request, account: Json) -> None:
    allowed = not account["properties"].get("disableLocalAuth")
    key = request.headers.get("api-key")
    if key is not None and allowed and keys.works(world, accounts.TYPE, account["name"], key):
        return
    if key is None and re.fullmatch(r"Bearer \S+", request.headers.get("authorization", ""), re.IGNORECASE):
        return
    message = (
        "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key "
        "for an active subscription and use a correct regional API endpoint for your resource."
    )
    raise ArmError(401, "401", message)
