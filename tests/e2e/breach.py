"""A breach of the sample estate in a simulated Azure, and how a recovery of it must end: small functions to reuse."""

from datetime import UTC, datetime
from typing import Any

from infra.local.azure import World
from infra.local.azure.services.security import facts, keys
from tests.e2e.azure import AzureThread


def break_in(azure: AzureThread) -> datetime:
    """Let the intruder in by every way there is; returns since when, by the app's clock."""
    since = datetime.now(UTC)
    azure.do(lambda: azure.world.faults.inject("leaked_credential", "*"))
    return since


def check_cured(truth: dict[str, Any]) -> None:
    """No way in is left, Defender is content, and everybody who is to be kept has what they had."""
    intruder = truth["intruder"]
    assert intruder["cured"], intruder["can"]
    assert intruder["exfiltrated"] > 0
    assert {alert["status"] for alert in truth["security"]["alerts"].values()} == {"Resolved"}
    assert set(truth["security"]["assessments"].values()) == {"Healthy"}
    check_own_access(truth)


def check_own_access(truth: dict[str, Any]) -> None:
    """The app's, this app's, the pipeline's and the break-glass account's roles are all there, and nobody else's are new."""
    there = {(one["principal"], one["role"], one["scope"]) for one in truth["role_assignments"]}
    at_first = {(principal, role, scope) for principal, _, role, scope in facts.ASSIGNMENTS}
    assert there == {one for one in at_first if one[0] != facts.FRANK}, there ^ at_first
    disabled = {mail for mail, user in truth["users"].items() if not user["accountEnabled"]}
    assert disabled == {"frank@contoso.com"}


def every_secret(azure: AzureThread) -> set[str]:
    """Every key of an account, and every value that a secret of a vault has or had."""

    def found(world: World) -> set[str]:
        accounts = ((kind, one["name"]) for kind in keys.NAMES for one in world.of_type(kind))
        values = {value for kind, name in accounts for value in keys.of(world, kind, name).values()}
        return values | {
            str(version["value"]) for _, row in world.table("secret").rows() for version in row["versions"]
        }

    return azure.do(lambda: found(azure.world))
