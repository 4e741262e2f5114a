"""Which vault a host means, who may ask it, and how it words its errors and lists."""

import base64
import binascii
import re

from infra.local.azure.core.errors import ArmError, Unreachable
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World, region_name

TYPE = "Microsoft.KeyVault/vaults"
HOST = "{vault}.vault.azure.net"
TENANT = "11111111-1111-4111-8111-111111111111"
RECOVERABLE_DAYS = 90
_NAME = re.compile(r"[0-9a-zA-Z-]{1,127}")

service = Service("key_vault")


class VaultError(ArmError):
    """A vault tells the exact cause in an inner error."""

    def __init__(self, status: int, code: str, message: str, inner: str = "") -> None:
        super().__init__(status, code, message)
        self.inner = inner

    def body(self) -> dict[str, object]:
        error: dict[str, object] = {"code": self.code, "message": self.message}
        if self.inner:
            error["innererror"] = {"code": self.inner}
        return {"error": error}


def find(world: World, name: str) -> Json | None:
    """Return the ARM resource of a vault (read only)."""
    return next((row for row in world.of_type(TYPE) if row["name"].lower() == name.lower()), None)


def asked(world: World, request: Request) -> str:
    """Return the name of the vault that a request is for; one without a token is shown where to get it."""
    found = find(world, request.params["vault"])
    if found is None:
        raise Unreachable(request.host)
    world.require_region(region_name(found["location"]))
    if not re.fullmatch(r"Bearer \S+", request.headers.get("authorization", ""), re.IGNORECASE):
        where = f"https://login.microsoftonline.com/{TENANT}"
        raise ArmError(
            401,
            "Unauthorized",
            "AKV10000: Request is missing a Bearer or PoP token.",
            headers={
                "WWW-Authenticate": f'Bearer authorization="{where}", resource="https://vault.azure.net"'
            },
        )
    if not request.query.get("api-version"):
        raise VaultError(400, "BadParameter", "AKV10008: The api-version query parameter is required.")
    return found["name"].lower()


def checked(name: str, called: str) -> str:
    if not _NAME.fullmatch(name):
        message = f"The request URI contains an invalid name: {name}"
        raise VaultError(400, "BadParameter", message, f"Invalid{called.capitalize()}Name")
    return name


def not_found(called: str, name: str, *, deleted: bool = False) -> VaultError:
    state = "Deleted " if deleted else ""
    message = (
        f"A {state.lower()}{called} with (name/id) {name} was not found in this key vault. If you recently deleted "
        f"this {called} you may be able to recover it using the correct recovery command. For help resolving this "
        "issue, please see https://go.microsoft.com/fwlink/?linkid=2125182"
    )
    if deleted:
        message = f"Deleted {called.capitalize()} not found: {name}"
    return VaultError(404, f"{called.capitalize()}NotFound", message)


def paged(request: Request, items: list[Json]) -> Answer:
    """Return one page of a list and the address of the next."""
    try:
        most = int(request.query.get("maxresults", "25"))
        start = int(base64.urlsafe_b64decode(request.query.get("$skiptoken", "") or "MA==").decode())
    except (ValueError, binascii.Error) as error:
        raise VaultError(400, "BadParameter", "Invalid maxresults or $skiptoken.") from error
    if not 1 <= most <= 25:
        raise VaultError(400, "BadParameter", "maxresults must be between 1 and 25.")
    following = None
    if start + most < len(items):
        token = base64.urlsafe_b64encode(str(start + most).encode()).decode()
        version = request.query["api-version"]
        following = (
            f"https://{request.host}{request.path}?api-version={version}&$skiptoken={token}&maxresults={most}"
        )
    return Answer(200, {"value": items[start : start + most], "nextLink": following})
