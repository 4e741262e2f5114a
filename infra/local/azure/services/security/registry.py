"""The container registry: importing images by digest, and asking for their manifests."""

import re
from urllib.parse import parse_qs

from infra.local.azure import durations
from infra.local.azure.core.errors import ArmError, OperationFailed, Unreachable
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.operations import accepted
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.generic import GROUP
from infra.local.azure.services.security import facts

TYPE = "Microsoft.ContainerRegistry/registries"
REGISTRY = GROUP + "/providers/" + TYPE + "/{registry}"
HOST = "{registry}.azurecr.io"
SOURCES = "image source"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_SOURCE = re.compile(r"(?P<repository>[a-z0-9._/-]+)@(?P<digest>sha256:[0-9a-f]{64})")
service = Service("registry")


@service.seed
def plant(world: World) -> None:
    """The build registry has both images; production's has only the one that runs."""
    world.table(SOURCES).put(facts.BUILDS, {"digests": [facts.VULNERABLE, facts.PATCHED]})


@service.arm("POST", REGISTRY + "/importImage")
def import_image(world: World, request: Request) -> Answer:
    """Begin to copy an image from another registry, under a tag or under its digest alone."""
    registry = world.resource(request.path.rsplit("/", 1)[0])
    body = request.json
    source: Json = body.get("source") or {}
    found = _SOURCE.fullmatch(str(source.get("sourceImage", "")))
    targets = [*(body.get("targetTags") or []), *(body.get("untaggedTargetRepositories") or [])]
    if found is None or not targets:
        message = "The source image and a target tag or repository must be given."
        raise ArmError(400, "InvalidParameters", message)
    where = f"{source.get('registryUri')}/{found['repository']}"
    arguments: Json = {
        "source": where,
        "digest": found["digest"],
        "targets": [
            f"{registry['properties']['loginServer']}/{str(target).split(':', maxsplit=1)[0]}"
            for target in targets
        ],
    }
    operation = world.operations.begin(
        f"{registry['id']}/imports/{found['digest']}",
        "registry.import",
        arguments,
        seconds=durations.IMAGE_IMPORT,
    )
    return accepted(request, operation, location_only=True)


@service.effect("registry.import")
def imported(world: World, args: Json) -> None:
    kept = world.table(SOURCES).peek(args["source"]) or {"digests": []}
    if args["digest"] not in kept["digests"]:
        message = f"The image {args['source']}@{args['digest']} was not found."
        raise OperationFailed("ImportImageManifestNotFound", message)
    for target in args["targets"]:
        row = world.table("repository").get(target) or {"digests": []}
        if args["digest"] not in row["digests"]:
            world.table("repository").put(target, {"digests": [*row["digests"], args["digest"]]})


@service.on("POST", HOST, "/oauth2/exchange", token=False, reads=True)
def exchange(world: World, request: Request) -> Answer:
    """A token of Entra ID for one of the registry."""
    _registry(world, request)
    given = parse_qs(request.body.decode())
    if given.get("grant_type") != ["access_token"] or not given.get("access_token"):
        raise _unauthorized(request)
    return Answer(200, {"refresh_token": f"registry-refresh-{request.host}"})


@service.on("POST", HOST, "/oauth2/token", token=False, reads=True)
def token(world: World, request: Request) -> Answer:
    """A token of the registry for one that opens a repository."""
    _registry(world, request)
    given = parse_qs(request.body.decode())
    if given.get("refresh_token") != [f"registry-refresh-{request.host}"]:
        raise _unauthorized(request)
    return Answer(200, {"access_token": f"registry {given.get('scope', [''])[0]}".replace(" ", "-")})


@service.on("GET", HOST, "/v2/{repository*}/manifests/{reference}", token=False)
@service.on("HEAD", HOST, "/v2/{repository*}/manifests/{reference}", token=False)
def manifest(world: World, request: Request) -> Answer:
    registry = _registry(world, request)
    repository, reference = request.params["repository"], request.params["reference"]
    scope = f"registry-repository:{repository}:pull"
    if request.headers.get("authorization", "") != f"Bearer {scope}":
        raise _unauthorized(request)
    row = world.table("repository").peek(f"{registry['properties']['loginServer']}/{repository}")
    if row is None or not _DIGEST.fullmatch(reference) or reference not in row["digests"]:
        body = {"errors": [{"code": "MANIFEST_UNKNOWN", "message": f"manifest {reference} is not found"}]}
        return Answer(404, body)
    media = "application/vnd.docker.distribution.manifest.v2+json"
    body = {"schemaVersion": 2, "mediaType": media}
    return Answer(200, body, {"Docker-Content-Digest": reference})


def _registry(world: World, request: Request) -> Json:
    for one in world.of_type(TYPE):
        if one["properties"].get("loginServer") == request.host:
            return one
    raise Unreachable(request.host)


def _unauthorized(request: Request) -> ArmError:
    where = f"https://{request.host}/oauth2/token"
    challenge = f'Bearer realm="{where}",service="{request.host}"'
    message = "authentication required"
    return ArmError(401, "UNAUTHORIZED", message, headers={"WWW-Authenticate": challenge})
