"""Errors that carry what an operator needs; anything else that escapes is a defect."""


class FoundryOpsError(Exception):
    """Base of all of them."""


class EstateInvalid(FoundryOpsError):  # noqa: N818 - the contract's name
    """The estate file has a mistake; the message names file, line and field."""


class ParametersInvalid(FoundryOpsError):  # noqa: N818 - reads like its sibling
    """What a plan was asked to do makes no sense for this estate; `field` is the parameter at fault."""

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


class SettingsInvalid(FoundryOpsError):  # noqa: N818 - reads like its sibling
    """An app setting is missing or wrong; the message names it and says what to do."""


class AzureCallFailed(FoundryOpsError):  # noqa: N818 - the contract's name
    """A call that left the process failed. `status` is 0 when no answer came."""

    def __init__(
        self,
        operation: str,
        resource_id: str,
        status: int,
        detail: str,
        *,
        retryable: bool,
        retry_after: float | None = None,
    ) -> None:
        self.operation = operation
        self.resource_id = resource_id
        self.status = status
        self.detail = detail
        self.retryable = retryable
        self.retry_after = retry_after
        answered = f"HTTP {status}" if status else "no answer"
        super().__init__(f"{operation} on {resource_id}: {answered}: {detail}")


class CheckFailed(FoundryOpsError):  # noqa: N818 - the contract's name
    """The world is not as it must be. Retrying helps only where `retryable` says so."""

    def __init__(self, message: str, *, retryable: bool = False) -> None:
        self.retryable = retryable
        super().__init__(message)


class EffectUnknown(FoundryOpsError):  # noqa: N818 - the contract's word for the step's status
    """Whether an effect that takes no key has happened cannot be proved: an operator must look."""
