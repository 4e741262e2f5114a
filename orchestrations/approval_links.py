"""Links in approval mails: signed, for one person and one plan, and good until the approval expires.

A link opens the page that shows what would happen; deciding is a POST by the very person whose identity it names.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from itsdangerous import BadData, URLSafeTimedSerializer

from shared.model.signing import Signer

_SALT = "approval-link-1"


class Link(NamedTuple):
    """What a link is bound to: a run, one approver's identity (`Person.id`), and the plan's digest."""

    run_id: str
    approver_id: str
    plan_digest: str


class LinkInvalid(Exception):  # noqa: N818 - named for what the page says
    """Why a link does not count, in words for the person who holds it."""


def token_for(signer: Signer, link: Link, good_for: timedelta) -> str:
    """The link as one URL-safe word. It carries when it ends, so a policy that changes binds no mail sent before."""
    return _serializer(signer).dumps([*link, good_for.total_seconds()])


def opened(signer: Signer, token: str, *, now: datetime | None = None) -> Link:
    """What a token says, if this app made it and it has not expired; LinkInvalid otherwise."""
    try:
        content, made_at = _serializer(signer).loads(token, return_timestamp=True)
    except (BadData, UnicodeError, OverflowError):
        raise LinkInvalid("this link was not made by this app, or it was changed on its way") from None
    match content:
        case [str(run_id), str(approver_id), str(plan_digest), int() | float() as good_for]:
            if not timedelta(0) <= (now or datetime.now(UTC)) - made_at <= timedelta(seconds=good_for):
                raise LinkInvalid("this link has expired: ask for a new one, or decide over the API")
            return Link(run_id, approver_id, plan_digest)
        case _:
            raise LinkInvalid("this link is of another kind")


def _serializer(signer: Signer) -> URLSafeTimedSerializer:
    # SHA-256 instead of the library's default, as in every signature of this app.
    return URLSafeTimedSerializer(
        signer.key,
        salt=_SALT,
        signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
    )
