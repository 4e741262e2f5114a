"""Blob storage's errors: XML bodies, the code in a header as well."""

from collections.abc import Callable, Mapping
from functools import wraps
from xml.sax.saxutils import escape

from infra.local.azure.core.clock import iso
from infra.local.azure.core.http import Answer, Request
from infra.local.azure.core.service import Handler
from infra.local.azure.core.world import World

VERSION = "2026-02-06"
XML = {"Content-Type": "application/xml"}


class BlobError(Exception):
    """An error answer; `headers` are added to it."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message = status, code, message
        self.headers = dict(headers or {})


CONTAINER_NOT_FOUND = (404, "ContainerNotFound", "The specified container does not exist.")
BLOB_NOT_FOUND = (404, "BlobNotFound", "The specified blob does not exist.")
NO_RESOURCE = (400, "InvalidUri", "The requested URI does not represent any resource on the server.")
NOT_MET = (412, "ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met.")


def unsupported(what: str) -> BlobError:
    """Say what this simulated storage cannot do, instead of doing it only seemingly."""
    return BlobError(501, "NotImplemented", f"The requested operation is not implemented here: {what}.")


def answering(handler: Callable[[World, Request], Answer]) -> Handler:
    """Turn a `BlobError` into its answer, with nothing written."""

    @wraps(handler)
    def answer(world: World, request: Request) -> Answer:
        mark = world.mark()
        try:
            outcome = handler(world, request)
        except BlobError as error:
            world.rollback(mark)
            outcome = _answer(world, request, error)
        version = request.headers.get("x-ms-version", VERSION)
        return Answer(outcome.status, outcome.body, {"x-ms-version": version, **outcome.headers})

    return answer


def _answer(world: World, request: Request, error: BlobError) -> Answer:
    headers = {**XML, "x-ms-error-code": error.code, **error.headers}
    if request.method == "HEAD" or error.status == 304:
        return Answer(error.status, None, headers)
    body = (
        '\ufeff<?xml version="1.0" encoding="utf-8"?>'
        f"<Error><Code>{error.code}</Code><Message>{escape(error.message)}\nTime:{iso(world.now)}</Message></Error>"
    )
    return Answer(error.status, body, headers)
