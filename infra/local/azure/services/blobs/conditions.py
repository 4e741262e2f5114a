"""Conditional headers and byte ranges of blob requests."""

import re
from email.utils import parsedate_to_datetime

from infra.local.azure.core.http import Request
from infra.local.azure.core.store import Json
from infra.local.azure.services.blobs.errors import NOT_MET, BlobError

NOT_MODIFIED = (304, *NOT_MET[1:])


def _matches(header: str, found: Json | None) -> bool:
    if header.strip() == "*":
        return found is not None
    given = {etag.strip().strip('"') for etag in header.split(",")}
    return found is not None and found["etag"].strip('"') in given


def _moment(request: Request, name: str) -> float | None:
    given = request.headers.get(name)
    if given is None:
        return None
    try:
        return parsedate_to_datetime(given).timestamp()
    except ValueError as error:
        message = "The value for one of the HTTP headers is not in the correct format."
        raise BlobError(400, "InvalidHeaderValue", message) from error


def check(request: Request, found: Json | None, *, read: bool) -> None:
    """Raise 304 or 412 (409 for `If-None-Match: *` on a blob that exists) unless the conditions hold."""
    wanted, unwanted = request.headers.get("if-match"), request.headers.get("if-none-match")
    changed, unchanged = _moment(request, "if-modified-since"), _moment(request, "if-unmodified-since")
    modified = int(found["at"]) if found else 0
    if wanted is not None and not _matches(wanted, found):
        raise BlobError(*NOT_MET)
    if unchanged is not None and found and modified > unchanged:
        raise BlobError(*NOT_MET)
    if unwanted is not None and _matches(unwanted, found):
        if not read and unwanted.strip() == "*":
            raise BlobError(409, "BlobAlreadyExists", "The specified blob already exists.")
        raise BlobError(*(NOT_MODIFIED if read else NOT_MET))
    if changed is not None and found and modified <= changed:
        raise BlobError(*(NOT_MODIFIED if read else NOT_MET))


def byte_range(request: Request, length: int) -> tuple[int, int] | None:
    """Return first and last byte wanted, or None for all."""
    given = request.headers.get("x-ms-range") or request.headers.get("range")
    if given is None:
        return None
    found = re.fullmatch(r"bytes=(\d+)-(\d*)", given.strip())
    if found is None:
        return None
    first = int(found[1])
    last = min(int(found[2]), length - 1) if found[2] else length - 1
    if first >= length or last < first:
        raise BlobError(
            416,
            "InvalidRange",
            "The range specified is invalid for the current size of the resource.",
            {"Content-Range": f"bytes */{length}"},
        )
    return first, last
