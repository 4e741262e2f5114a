"""Links in approval mails: for one person and one plan, and good until the approval expires.

A link opens the page that shows what would happen; deciding is a POST by the very person whose identity it names.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from orchestrations.links import LinkInvalid, sealed, unsealed
from shared.model.signing import Signer

__all__ = ["Link", "LinkInvalid", "opened", "token_for"]

KIND = "approval-link-1"


class Link(NamedTuple):
    """What a link is bound to: a run, one approver's identity (`Person.id`), and the plan's digest."""

    run_id: str
    approver_id: str
    plan_digest: str


def token_for(signer: Signer, link: Link, good_for: timedelta) -> str:
    """The link as one URL-safe word."""
    return sealed(signer, KIND, link, good_for)


def opened(signer: Signer, token: str, *, now: datetime | None = None) -> Link:
    """What a token says, if this app made it and it has not expired; LinkInvalid otherwise."""
    return Link(*unsealed(signer, KIND, token, len(Link._fields), now=now))
