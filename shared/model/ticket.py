"""Tickets as incidents and ticket systems both know them."""

from shared.model.wire import Frozen


class TicketRef(Frozen):
    """A ticket: its system by the estate's name, the number that people know it by, and where they read it."""

    system: str
    number: str
    url: str
    id: str = ""
