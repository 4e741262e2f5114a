"""What a request to the simulated Azure can end with other than success."""

from collections.abc import Mapping


class ArmError(Exception):
    """An answer of the shape `{error: {code, message, details?}}`."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        details: list[dict[str, str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message = status, code, message
        self.details = details or []
        self.headers = dict(headers or {})

    def body(self) -> dict[str, object]:
        error: dict[str, object] = {"code": self.code, "message": self.message}
        if self.details:
            error["details"] = self.details
        return {"error": error}


class OperationFailed(Exception):  # noqa: N818 - reads as what happened
    """Raised by an effect: the long-running operation ends Failed, and what the effect wrote is undone."""

    def __init__(self, code: str, message: str, details: list[dict[str, str]] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.details = code, message, details or []

    def body(self) -> dict[str, object]:
        error: dict[str, object] = {"code": self.code, "message": self.message}
        return {**error, "details": self.details} if self.details else error


class Unreachable(Exception):  # noqa: N818 - reads as what happened
    """Nothing answers at that address: the connection is closed without a word."""


def not_found(resource_id: str) -> ArmError:
    """404 as Azure Resource Manager words it."""
    parts = [part for part in resource_id.split("/") if part]
    lowered = [part.lower() for part in parts]
    group = parts[lowered.index("resourcegroups") + 1] if "resourcegroups" in lowered else ""
    after = parts[lowered.index("providers") + 1 :] if "providers" in lowered else parts[-2:]
    kind = "/".join([after[0], *after[1::2], *after[2::2]])
    return ArmError(
        404,
        "ResourceNotFound",
        f"The Resource '{kind}' under resource group '{group}' was not found. "
        "For more details please go to https://aka.ms/ARMResourceNotFoundFix",
    )
