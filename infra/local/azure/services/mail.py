"""Communication Services e-mail: each accepted message goes out once and is kept as an `.eml` file."""

import re
from contextlib import suppress
from pathlib import Path

from infra.local.azure import durations
from infra.local.azure.core.clock import iso
from infra.local.azure.core.errors import ArmError, Unreachable
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.service import Service
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services import mail_message

HOST = "{resource}.communication.azure.com"
TYPE = "Microsoft.Communication/communicationServices"
LINKED_DOMAIN = "fas.contoso.com"
# What a subscription may send from a custom domain until it asks for more; the world's meta document rules.
LIMITS: Json = {"per_minute": 30, "per_hour": 100}
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

service = Service("mail")


@service.seed
def seed(world: World) -> None:
    world.meta.put("mail limits", LIMITS)
    for row in world.of_type(TYPE):
        if not row["properties"].get("linkedDomains"):
            provider = row["id"].rpartition("/communicationServices/")[0]
            domain = f"{provider}/emailServices/{row['name']}/domains/{LINKED_DOMAIN}"
            properties = {**row["properties"], "linkedDomains": [domain]}
            world.put_resource({**row, "properties": properties})


def _resource(world: World, request: Request) -> Json:
    """Return the ARM resource of the host; a data location may stand between name and domain."""
    name = request.params["resource"].split(".")[0].lower()
    found = next((row for row in world.of_type(TYPE) if row["name"].lower() == name), None)
    if found is None:
        raise Unreachable(request.host)
    return found


@service.on("POST", HOST, "/emails:send")
def send(world: World, request: Request) -> Answer:
    resource = _resource(world, request)
    operation = (request.headers.get("operation-id") or "").lower() or world.new_id()
    if not _UUID.fullmatch(operation):
        raise mail_message.refused(f"The Operation-Id '{operation}' is not a UUID.")
    known = world.table("mail").peek(operation)
    if known is not None:
        return _accepted(world, request, known)
    if len(request.body) > mail_message.LARGEST_REQUEST:
        limit = mail_message.LARGEST_REQUEST // (1024 * 1024)
        raise mail_message.refused(
            f"The message exceeds the limit of {limit} MB.", "RequestEntityTooLarge", 413
        )
    body = request.json
    _check_sender(resource, mail_message.sender_of(body))
    mail_message.check(body)
    _check_rate(world)
    number = sum(1 for _ in world.table("mail").rows()) + 1
    running = world.operations.begin(
        f"{resource['id']}/emails/{operation}", "mail.send", {"mail": operation}, seconds=durations.MAIL
    )
    mail: Json = {
        "id": operation,
        "operation": running["id"],
        "number": number,
        "at": world.now,
        "to": mail_message.recipients_of(body),
        "subject": body["content"]["subject"],
        "file": f"{number:06d}-{operation}.eml",
        "eml": mail_message.written(body, operation, world.now),
    }
    world.table("mail").put(operation, mail)
    return _accepted(world, request, mail)


def _check_sender(resource: Json, sender: str) -> None:
    linked = [
        str(domain).rpartition("/")[2].lower() for domain in resource["properties"].get("linkedDomains") or []
    ]
    if sender.rpartition("@")[2].lower() not in linked:
        message = "The specified sender domain has not been linked."
        raise mail_message.refused(message, "DomainNotLinked", 404)


def _check_rate(world: World) -> None:
    limits = world.meta.peek("mail limits") or LIMITS
    sent = sorted(row["at"] for _, row in world.table("mail").rows())
    for span, most in ((60.0, limits["per_minute"]), (3600.0, limits["per_hour"])):
        recent = [at for at in sent if at > world.now - span]
        if len(recent) >= most:
            wait = int(recent[len(recent) - most] + span - world.now) + 1
            raise ArmError(
                429,
                "TooManyRequests",
                f"The request rate exceeds the limit of {most} messages in {span:.0f} seconds.",
                headers={"Retry-After": str(wait)},
            )


def _accepted(world: World, request: Request, mail: Json) -> Answer:
    version = request.query.get("api-version", "")
    where = f"https://{request.host}/emails/operations/{mail['id']}?api-version={version}"
    return Answer(202, _shown(world, mail), {"Operation-Location": where})


@service.on("GET", HOST, "/emails/operations/{operation}")
def state(world: World, request: Request) -> Answer:
    _resource(world, request)
    mail = world.table("mail").peek(request.params["operation"])
    if mail is None:
        message = f"The operation '{request.params['operation']}' was not found."
        raise mail_message.refused(message, "OperationNotFound", 404)
    return Answer(200, _shown(world, mail))


def _shown(world: World, mail: Json) -> Json:
    operation = world.operations.find(mail["operation"]) or {}
    status = operation.get("status", "Running")
    return {
        "id": mail["id"],
        "status": "Running" if status == "InProgress" else status,
        "error": operation.get("error"),
    }


@service.effect("mail.send")
def sent(world: World, args: Json) -> Json | None:
    """Say nothing more: the message was complete when it was accepted."""
    del world, args
    return None


@service.every(1)
def file(world: World) -> None:
    """Write accepted messages to the folder, after the transaction that accepted them.

    A crash between renaming and committing writes the same bytes under the same name again.
    """
    folder: Path | None = world.mail_folder
    if folder is None:
        return
    for key, mail in list(world.table("mail").rows()):
        if "eml" not in mail:
            continue
        # A full or missing disk is tried again at the next tick; the message stays in the state file.
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            target = folder / mail["file"]
            draft = target.with_suffix(".tmp")
            draft.write_bytes(mail["eml"].encode("ascii"))
            draft.replace(target)
            world.table("mail").put(key, {name: value for name, value in mail.items() if name != "eml"})


@service.truth("mails")
def truth(world: World) -> list[Json]:
    """List accepted messages, oldest first; `file` is None where no folder keeps them."""
    file(world)
    folder: Path | None = world.mail_folder
    rows = sorted((row for _, row in world.table("mail").rows()), key=lambda row: row["number"])
    return [
        {
            "at": iso(row["at"]),
            "to": row["to"],
            "subject": row["subject"],
            "file": str(folder / row["file"]) if folder is not None and "eml" not in row else None,
            "operation": row["id"],
            "status": _shown(world, row)["status"],
        }
        for row in rows
    ]
