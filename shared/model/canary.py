"""A canary: one of the numbered writes that show how far the data of a store reaches."""

from datetime import datetime

from shared.model.wire import Frozen


class Canary(Frozen):
    """A write with its number and time. `key` is the step that wrote it, so that no call of it writes twice."""

    sequence: int
    at: datetime
    key: str = ""
