"""The sample estate's stores in tests, and what happens to them."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from infra.local.azure import ManualClock
from infra.local.azure.services.blobs import store
from infra.local.azure.services.blobs.reading import digest
from shared.model.estate import Storage
from tests.shared.actions.stage import Stage, contoso


def lake() -> Storage:
    return next(found for found in contoso().of_kind(Storage) if found.hierarchical)


def flat() -> Storage:
    return next(found for found in contoso().of_kind(Storage) if not found.hierarchical)


def damaged(how: str, where: str = "curated/customer-data") -> Callable[[Stage], None]:
    """Something goes wrong in the lake an hour after the world began."""

    def work(stage: Stage) -> None:
        stage.lab.advance(3600)
        stage.lab.fault("lake_damaged", where, details={"how": how})
        stage.lab.advance(600)

    return work


def began() -> datetime:
    """When the damage begins: the lab's clock begins at the same moment in every test."""
    return datetime.fromtimestamp(ManualClock().now() + 3600, UTC)


def data(stage: Stage) -> dict[str, Any]:
    return stage.truth["landing_zone"]["data"]


def all_good(stage: Stage) -> None:
    assert data(stage) == {"good": 24, "missing": [], "changed": []}


def spoil_files(stage: Stage) -> None:
    """A bad writer overwrites some of the tenants' files and deletes others, in the flat account."""

    def work(world: Any) -> None:
        content = b"spoilt"
        for name in ("contoso/file-0000.txt", "fabrikam/file-0001.txt"):
            row = world.table(store.BLOBS).peek(store.blob_key("stfasprod", "agent-files", name))
            entry = {key: value for key, value in store.version(row).items() if key not in {"at", "etag"}}
            bad = {"content": store.keep(world, content), "length": len(content), "md5": digest(content)}
            store.put_version(world, "stfasprod", "agent-files", name, {**entry, **bad})
        store.delete(world, "stfasprod", "agent-files", "contoso/file-0002.txt")

    stage.lab.advance(3601)
    stage.lab.inside(work)
    stage.lab.advance(600)


def files(stage: Stage) -> dict[str, str]:
    """MD5 by name of what the flat account holds for the tenants."""
    prefix = "stfasprod/agent-files/"
    return {key: row["md5"] for key, row in stage.truth["blobs"].items() if key.startswith(prefix)}
