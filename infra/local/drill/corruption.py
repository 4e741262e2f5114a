"""Data corruption as a drill injects it, and what the simulator's truth must say when it is cured."""

from typing import Any

type Truth = dict[str, Any]

ACCOUNT = "cosmos-fas-prod"
FAULT: Truth = {
    "kind": "data_corruption",
    "target": ACCOUNT,
    "details": {"writer": "release", "rate": 5, "secrets": ["search-api-key"]},
}
"""A bad release of the agent service spoils documents and files of all tenants, and deletes a secret."""


def still_wrong(before: Truth, after: Truth) -> list[str]:
    """What of a corruption is not cured: `before` is GET /_sim/world at the moment that was restored to."""
    told = after["corruption"]
    found = [f"the {writer} goes on writing" for writer in told["writing"]]
    serving = [name for name, account in told["accounts"].items() if account["serves"]]
    if len(serving) != 1:
        return [*found, f"{len(serving)} accounts serve the app: {', '.join(serving)}"]
    account = serving[0]
    for name, damage in told["accounts"][account]["damaged"].items():
        if damage["bad"]:
            found.append(f"{account}/{name} holds {damage['bad']} bad documents: {damage['examples']}")
    for name, count in before["cosmos"][ACCOUNT]["documents"].items():
        now = after["cosmos"][account]["documents"].get(name, 0)
        if now < count:
            found.append(f"{account}/{name} lacks {count - now} of {count} documents")
    for host, files in told["files"].items():
        found += [f"{host}: file {name} is bad" for name in files]
    kept = {name for name in before["blobs"] if name.startswith("stfasprod/agent-files/")}
    found += [f"file {name} is lost" for name in sorted(kept - set(after["blobs"]))]
    for vault, holds in before["key_vaults"].items():
        for name, state in holds["secrets"].items():
            if state == "active" and after["key_vaults"][vault]["secrets"].get(name) != "active":
                found.append(f"secret {name} of {vault} is not there")
    if (was := roles(before, ACCOUNT)) != (now := roles(after, account)):
        found.append(f"roles differ: lost {sorted(was - now)}, new {sorted(now - was)}")
    for name, tenant in after["traffic"]["FAS"]["tenants"].items():
        if not tenant["healthy"]:
            found.append(f"tenant {name} still fails: {tenant['reason']}")
    return found


def roles(truth: Truth, account: str) -> set[tuple[str, str, str]]:
    """Principal, role and scope below the account of every role that was given in it."""
    marker = f"/databaseAccounts/{account}/sqlRoleAssignments/".lower()
    rows = [row["properties"] for key, row in truth["resources"].items() if marker in key.lower()]
    return {
        (
            row["principalId"].lower(),
            row["roleDefinitionId"].rsplit("/", 1)[-1],
            row["scope"].split(f"/databaseAccounts/{account}", 1)[-1],
        )
        for row in rows
    }
