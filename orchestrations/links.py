"""Links in mails: signed, of one kind, bound to what they are about, and good for a time that they carry themselves.

A link only opens a page; deciding there is a POST by somebody who is signed in.
"""

import hashlib
from datetime import UTC, datetime, timedelta

from itsdangerous import BadData, URLSafeTimedSerializer

from shared.model.signing import Signer


class LinkInvalid(Exception):  # noqa: N818 - named for what the page says
    """Why a link does not count, in words for the person who holds it."""


def sealed(signer: Signer, kind: str, about: tuple[str, ...], good_for: timedelta) -> str:
    """One URL-safe word. It carries when it ends, so a policy that changes binds no mail that was sent before."""
    return _serializer(signer, kind).dumps([*about, good_for.total_seconds()])


def unsealed(
    signer: Signer, kind: str, token: str, parts: int, *, now: datetime | None = None
) -> tuple[str, ...]:
    """What a token is about, if this app made it, of that kind, and it has not expired; LinkInvalid otherwise."""
    try:
        content, made_at = _serializer(signer, kind).loads(token, return_timestamp=True)
    except (BadData, UnicodeError, OverflowError):
        raise LinkInvalid("this link was not made by this app, or it was changed on its way") from None
    match content:
        case [*about, int() | float() as good_for] if len(about) == parts and all(
            isinstance(part, str) for part in about
        ):
            if not timedelta(0) <= (now or datetime.now(UTC)) - made_at <= timedelta(seconds=good_for):
                raise LinkInvalid("this link has expired: ask for a new one, or decide over the API")
            return tuple(about)
        case _:
            raise LinkInvalid("this link is of another kind")


def _serializer(signer: Signer, kind: str) -> URLSafeTimedSerializer:
    # SHA-256 instead of the library's default, as in every signature of this app.
    return URLSafeTimedSerializer(
        signer.key,
        salt=kind,
        signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
    )
