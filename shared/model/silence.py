"""Silences: alerts that nobody is to be woken for, for a while, and who said so."""

from datetime import datetime

from pydantic import Field

from shared.model.wire import Frozen


class Silence(Frozen):
    """What is silent: every alert of that rule, on resources at or below that id, with those dimensions.

    An empty `rule` or `resource` stands for any; one of the three is always given.
    """

    id: str
    rule: str = ""
    resource: str = ""
    dimensions: dict[str, str] = Field(default_factory=dict[str, str])
    reason: str
    by: str
    by_id: str
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None
    ended_by: str = ""
    signature: str = ""

    def holds(self, at: datetime) -> bool:
        """Whether it is in force at that moment."""
        over = self.expires_at if self.ended_at is None else min(self.expires_at, self.ended_at)
        return self.created_at <= at < over
