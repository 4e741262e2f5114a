"""The few queries that are asked of a container here; every other one is refused, not answered by guessing."""

import re
from collections.abc import Callable, Iterator
from itertools import islice

from infra.local.azure.core.store import Json
from infra.local.azure.services.cosmos.content import Container

type Rows = Iterator[object]
type Answering = Callable[[Container, str, Json], Rows]

_QUERIES: list[tuple[re.Pattern[str], Answering]] = []


def _query(text: str) -> Callable[[Answering], Answering]:
    pattern = re.escape(text).replace(r"\{n\}", r"(?P<n>\d+)").replace(r"\ ", r"\s+")

    def register(answer: Answering) -> Answering:
        _QUERIES.append((re.compile(pattern, re.IGNORECASE), answer))
        return answer

    return register


@_query("SELECT VALUE COUNT(1) FROM c")
def _count(container: Container, tenant: str, _given: Json) -> Rows:
    yield container.count(tenant)


@_query("SELECT VALUE COUNT(1) FROM c WHERE c.tenant != @tenant")
def _astray(container: Container, tenant: str, given: Json) -> Rows:
    # Only what was damaged or written by hand can say another tenant than its partition.
    astray = (number for number, (what, _) in container.damage.items() if what == "moved")
    moved = sum(
        container.read(tenant, key) is not None
        for key in (f"{container.name[0]}-{number:07d}" for number in astray if container.is_there(number))
        if f"{tenant}/{key}" not in container.rows
    )
    rows = [row["versions"][-1]["document"] for row in container.rows.values() if row["tenant"] == tenant]
    yield moved + sum(
        row is not None and "tenant" in row and row["tenant"] != given.get("tenant") for row in rows
    )


@_query("SELECT TOP {n} * FROM c WHERE c._ts >= @since ORDER BY c._ts")
def _oldest_since(container: Container, tenant: str, given: Json) -> Rows:
    yield from islice(container.partition(tenant, float(given["since"])), given["n"])


@_query("SELECT TOP {n} * FROM c ORDER BY c._ts DESC")
def _newest(container: Container, tenant: str, given: Json) -> Rows:
    yield from islice(container.partition(tenant, newest_first=True), given["n"])


@_query("SELECT * FROM c WHERE c._ts >= @since ORDER BY c._ts")
def _all_since(container: Container, tenant: str, given: Json) -> Rows:
    yield from container.partition(tenant, float(given["since"]))


@_query("SELECT * FROM c WHERE ARRAY_CONTAINS(@ids, c.id)")
def _these(container: Container, tenant: str, given: Json) -> Rows:
    yield from (document for key in given["ids"] if (document := container.read(tenant, key)) is not None)


@_query("SELECT TOP {n} c.id, c.tenantId FROM c WHERE NOT ARRAY_CONTAINS(@tenants, c.tenantId)")
def _strangers(container: Container, _tenant: str, given: Json) -> Rows:
    found = (
        {"id": document["id"], "tenantId": document["tenantId"]}
        for tenant in sorted(container.tenants() - set(given["tenants"]))
        for document in container.partition(tenant)
    )
    yield from islice(found, given["n"])


def find(text: str) -> tuple[Answering, Json] | None:
    """Return who answers a query and the numbers in its text; None for one that is not known here."""
    for pattern, answer in _QUERIES:
        found = pattern.fullmatch(text.strip())
        if found is not None:
            return answer, {name: int(value) for name, value in found.groupdict().items()}
    return None
