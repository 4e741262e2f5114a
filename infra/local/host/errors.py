"""What can stop the host from starting, each with a message that says what to do."""

# ruff: noqa: N818 - each is named for what happened, as in the rest of the code


class HostError(Exception):
    """The host cannot start or go on; the message is for the person at the terminal."""


class StateInUse(HostError):
    """Another host holds the state file."""


class StateDamaged(HostError):
    """The state file is not one of ours, or SQLite cannot read it."""


class AppInvalid(HostError):
    """The app does not import, or what it registers cannot be served."""


class MessageTooLarge(Exception):
    """A message that the Durable Task Scheduler would refuse as well; the text names it and the limit."""


class IdInvalid(Exception):
    """No orchestration may have this id."""


class InstanceNotFound(Exception):
    """No orchestration has this id."""


class InstanceExists(Exception):
    """An orchestration of this id is still going on."""


class NotAllowedNow(Exception):
    """The orchestration's status does not allow this operation."""
